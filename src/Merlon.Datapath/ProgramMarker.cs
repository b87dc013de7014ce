using System.Runtime.CompilerServices;

namespace Merlon.Datapath;

/// <summary>Value of the pinned one-entry map <c>marker</c>: which build made these pins.</summary>
internal struct ProgramMarker
{
    public uint Abi;
    public Digest32 Object;

    /// <summary>SHA-256 of the object file.</summary>
    [InlineArray(32)]
    public struct Digest32
    {
        private byte _first;
    }
}
