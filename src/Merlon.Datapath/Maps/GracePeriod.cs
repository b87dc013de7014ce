using Merlon.Datapath.Native;

namespace Merlon.Datapath.Maps;

/// <summary>Waits until every run of a program that is under way has ended. A map of maps of its own is written: since Linux 5.0
/// the syscall returns after an RCU grace period (maybe_wait_bpf_programs), 8 to 25 ms where a tick takes 4.</summary>
internal sealed class GracePeriod : IDisposable
{
    private readonly BpfFd _inner = Bpf.CreateMap(Bpf.MapTypeArray, "merlon_grace", sizeof(uint), sizeof(ulong), 1, 0);
    private readonly KernelMap _outer;

    public GracePeriod() => _outer = new("grace", Bpf.CreateMapOfMaps("merlon_grace", _inner));

    public void Wait() => _outer.Update(0u, (int)_inner.DangerousGetHandle());

    public void Dispose()
    {
        _outer.Dispose();
        _inner.Dispose();
    }
}
