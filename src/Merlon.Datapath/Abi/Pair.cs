using System.Runtime.CompilerServices;

namespace Merlon.Datapath.Abi;

/// <summary>A C array of two: by endpoint (a, b) or by role (initiator, responder).</summary>
[InlineArray(2)]
public struct Pair<T> where T : unmanaged
{
    private T _first;
}
