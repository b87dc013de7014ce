using Merlon.Datapath.Native;

namespace Merlon.Datapath;

/// <summary>Keeps the calling thread on the CPU it is on, until disposed on the same thread: what <c>from_vm</c> leaves for
/// <c>to_vm</c> is per CPU, so a test of both hooks must not move between them.</summary>
public sealed unsafe class CpuPin : IDisposable
{
    private const int MaskWords = 16;
    private readonly ulong[] _before = new ulong[MaskWords];

    private CpuPin()
    {
        Thread.BeginThreadAffinity();
        var only = new ulong[MaskWords];
        var cpu = Thread.GetCurrentProcessorId();
        only[cpu / 64 % MaskWords] = 1ul << cpu % 64;
        // SAFETY: both masks are pinned for the calls and their size goes along; 0 = this thread.
        fixed (ulong* before = _before, mask = only)
        {
            _ = Libc.GetAffinity(0, sizeof(ulong) * MaskWords, before);
            _ = Libc.SetAffinity(0, sizeof(ulong) * MaskWords, mask);
        }
    }

    public static CpuPin Here() => new();

    public void Dispose()
    {
        // SAFETY: as above.
        fixed (ulong* before = _before) _ = Libc.SetAffinity(0, sizeof(ulong) * MaskWords, before);
        Thread.EndThreadAffinity();
    }
}
