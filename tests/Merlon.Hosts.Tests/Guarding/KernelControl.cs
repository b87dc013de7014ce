using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>A test's own look at the pinned control word, and its switch for the handoff; independent of the product's reader.</summary>
public sealed class KernelControl(string bpffs)
{
    private readonly string _pin = Path.Combine(bpffs, "control");
    private long _checked;
    private uint _generation;

    /// <summary>Generation in force, read at most a millisecond ago.</summary>
    public uint Generation
    {
        get
        {
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref _checked)).TotalMilliseconds < 0.2) return _generation;
            _generation = BinaryPrimitives.ReadUInt32LittleEndian(Words());
            Volatile.Write(ref _checked, Stopwatch.GetTimestamp());
            return _generation;
        }
    }

    public void DisableHandoff()
    {
        var words = Words();
        words[8] |= 1;
        Shell.Run("bpftool", ["map", "update", "pinned", _pin, "key", "0", "0", "0", "0", "value", .. words.Select(b => b.ToString(null, null))]).Ok();
    }

    public static void PinThisThread(int cpu)
    {
        ulong mask = 1UL << cpu;
        if (sched_setaffinity(0, 8, ref mask) != 0) throw new InvalidOperationException(Marshal.GetLastPInvokeErrorMessage());
    }

    private byte[] Words() => throw new NotImplementedException();

    [DllImport("libc", SetLastError = true)]
    private static extern int sched_setaffinity(int pid, nint size, ref ulong mask);
}
