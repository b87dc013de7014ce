using Merlon.Datapath.Native;

namespace Merlon.Datapath;

/// <summary>How long the hooks run. Counting begins with it and ends with it (linux/bpf.h, BPF_ENABLE_STATS).</summary>
public sealed class ProgramTime : IDisposable
{
    private readonly Loaded _loaded;
    private readonly BpfFd _counting = Bpf.CountTime();

    internal ProgramTime(Loaded loaded) => _loaded = loaded;

    /// <summary>CPU time of both hooks on all CPUs, in ns; grows while this lives.</summary>
    public long Ns => (long)(Bpf.Info<ProgramInfo>(_loaded.Program("from_vm")).RunTimeNs + Bpf.Info<ProgramInfo>(_loaded.Program("to_vm")).RunTimeNs);

    public void Dispose() => _counting.Dispose();
}
