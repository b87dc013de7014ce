using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;

namespace Merlon.Bench;

/// <summary>W13 and W14 on a program that is loaded and attached nowhere: its tables are filled from here, its timer does the rest.</summary>
internal sealed class ExpiryBench(string objectPath, int entries, TextWriter output)
{
    private const int LiveSeconds = 20;
    private readonly string _folder = string.Create(CultureInfo.InvariantCulture, $"/sys/fs/bpf/merlon-bench-{Environment.ProcessId}");

    public int Run()
    {
        using var kernel = KernelDatapath.Open(new(objectPath, _folder, Connections4: entries, Connections6: 1024, HalfOpen: 1024));
        try
        {
            using var conn = Open("conn4");
            using var turns = Open("turns_conn4");
            using var timer = Open("timer");
            Say($"{Memory(conn) / (double)entries:F0} + {Memory(turns) / (double)entries:F0} bytes an IPv4 connection; nf_conntrack's object: {Nf()}");
            Fill(conn, turns, TimeSpan.FromSeconds(LiveSeconds + 30));
            Say($"{entries} connections live:   {Measure(timer, TimeSpan.FromSeconds(LiveSeconds), () => false)}");
            var expired = Measure(timer, TimeSpan.FromSeconds(120), () => kernel.Counters[Counter.ConnExpired] == (ulong)entries);
            Say($"{entries} connections expire: {expired}");
            return kernel.Counters[Counter.ConnExpired] == (ulong)entries ? 0 : 1;
        }
        finally
        {
            kernel.Remove();
        }
    }

    private void Say(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private KernelMap Open(string name) => new(name, Bpf.OpenPinned(Path.Combine(_folder, "maps", name))!);

    // memlock of the kernel's own words about the map.
    private static long Memory(KernelMap map) => File.ReadLines($"/proc/self/fdinfo/{map.Fd.DangerousGetHandle()}")
        .Where(l => l.StartsWith("memlock:", StringComparison.Ordinal)).Select(l => long.Parse(l[8..], CultureInfo.InvariantCulture)).Single();

    private static string Nf() => File.Exists("/proc/slabinfo") && File.ReadLines("/proc/slabinfo").FirstOrDefault(l => l.StartsWith("nf_conntrack ", StringComparison.Ordinal)) is { } line
        ? line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3] + " bytes" : "not there";

    private unsafe void Fill(KernelMap conn, KernelMap turns, TimeSpan life)
    {
        var expires = (uint)(Environment.TickCount64 + (long)life.TotalMilliseconds);
        for (var n = 0; n < entries; n++)
        {
            var key = new ConnKey4 { Segment = 1, Proto = 6, AddrA = 0x0100000au, AddrB = 0x0200000au + ((uint)(n >> 16) << 24), PortA = (ushort)n, PortB = 80 };
            conn.Update(key, new ConnRecord { State = ConnState.Established, Flags = ConnFlags.LogClose, Expires = expires, Tag = Tag(key) });
            BpfError.Check(LibBpf.MapUpdate(turns.Fd, null, &key, 0), "map-update", "filling the turns");
        }
    }

    // tag_of() of datapath/conntrack.h.
    private static uint Tag(ConnKey4 k)
    {
        var h = unchecked((k.Segment | (ulong)k.Proto << 16) * 0x9e3779b97f4a7c15UL + Mapped(k.AddrA) * 0x94d049bb133111ebUL
            + Mapped(k.AddrB) * 0xc4ceb9fe1a85ec53UL + (k.PortA | (ulong)k.PortB << 16) * 0xd6e8feb86659fd93UL);
        return (uint)(h >> 32);
    }

    private static ulong Mapped(uint address) => 0xffff0000u | (ulong)address << 32;

    private static string Measure(KernelMap timer, TimeSpan most, Func<bool> over)
    {
        var clock = Stopwatch.StartNew();
        var before = Read(timer);
        while (clock.Elapsed < most && !over()) Thread.Sleep(10);
        var after = Read(timer);
        return string.Create(CultureInfo.InvariantCulture,
            $"{(after.TotalNs - before.TotalNs) / clock.Elapsed.TotalNanoseconds:F3} of a core in {clock.Elapsed.TotalSeconds:F1} s, {after.Passes - before.Passes} passes, longest slice so far {after.LongestNs / 1e6:F2} ms");
    }

    private static ClockWork Read(KernelMap timer) =>
        timer.TryLookup(0u, out ClockWork value) ? value : throw new InvalidOperationException("the timer is not there");

    /// <summary>struct clockwork of datapath/work.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct ClockWork
    {
        private readonly ulong _timer0, _timer1;
        public readonly ulong Passes;
        private readonly ulong _workedNs;
        private readonly uint _table, _marked;
        public readonly ulong TotalNs, LongestNs;
        private readonly ulong _deniesNs;
    }
}
