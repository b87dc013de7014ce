using System.Runtime.InteropServices;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>A test's own look at an instance's pinned maps, and its switch for the handoff.</summary>
public sealed class KernelControl(string bpffs) : IDisposable
{
    private readonly KernelDatapath _datapath = KernelDatapath.Open(new DatapathOptions(Repository.Object, bpffs));

    /// <summary>Generation in force, read from shared memory.</summary>
    public uint Generation => _datapath.Control.Generation;

    /// <summary>Live connections.</summary>
    public int Entries => _datapath.Connections.List().Count;

    public void DisableHandoff() => _datapath.Control.Flags |= ControlFlags.NoHandoff;

    public void Dispose() => _datapath.Dispose();

    public static void PinThisThread(int cpu)
    {
        var mask = 1UL << cpu;
        if (sched_setaffinity(0, 8, ref mask) != 0) throw new InvalidOperationException(Marshal.GetLastPInvokeErrorMessage());
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int sched_setaffinity(int pid, nint size, ref ulong mask);
}
