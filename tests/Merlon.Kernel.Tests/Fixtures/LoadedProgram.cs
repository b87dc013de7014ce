using Merlon.Datapath;
using Merlon.Kernel.Tests.Bench;

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>A datapath of a test's own: own pins, small tables; everything is removed at the end.</summary>
public sealed class LoadedProgram : IDisposable
{
    public LoadedProgram() : this(KernelObject.Path) { }

    internal LoadedProgram(string objectPath)
    {
        Options = new(objectPath, TestPlace.NewFolder(),
            Connections4: 4096, Connections6: 4096, HalfOpen: 1024, RingBytes: 64 * 1024);
        Datapath = KernelDatapath.Open(Options);
    }

    /// <summary>The maps of the real program under programs that only send events: a second of the verifier's less.</summary>
    internal static LoadedProgram OfMaps() => new(TestObject.Compile("events"));

    public DatapathOptions Options { get; }

    public KernelDatapath Datapath { get; private set; }

    /// <summary>What an agent's death and new start do: descriptors close, pins stay.</summary>
    public void Reopen(DatapathOptions? options = null)
    {
        Datapath.Dispose();
        Datapath = KernelDatapath.Open(options ?? Options);
    }

    public void Dispose()
    {
        Datapath.Remove();
        Datapath.Dispose();
    }
}
