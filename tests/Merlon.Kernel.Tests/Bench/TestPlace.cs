using System.Globalization;
using System.Runtime.InteropServices;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>What test runs need of the machine: a bpffs of their own, taps whose ifindexes are real, one CPU.</summary>
internal static partial class TestPlace
{
    private const string TapPrefix = "mkt";
    private static readonly Lock s_gate = new();
    private static readonly List<int> s_taps = [];
    private static readonly Lazy<string> s_bpffs = new(Mount);
    private static int s_instances, s_threads;
    [ThreadStatic] private static int t_cpu; // its CPU + 1; 0 = none yet
    [ThreadStatic] private static bool t_pinned;

    /// <summary>A folder of its own for one instance.</summary>
    public static string NewFolder() => Path.Combine(s_bpffs.Value, $"i{Interlocked.Increment(ref s_instances)}");

    /// <summary>Ifindex of tap number <paramref name="index"/>. No packet ever crosses it; test runs only borrow its number.</summary>
    public static int Tap(int index)
    {
        lock (s_gate)
        {
            if (s_taps.Count == 0) RemoveStale();
            while (s_taps.Count <= index)
            {
                var name = Invariant($"{TapPrefix}{Environment.ProcessId}x{s_taps.Count}");
                KernelObject.Run("ip", "tuntap", "add", "dev", name, "mode", "tap");
                s_taps.Add(int.Parse(File.ReadAllText($"/sys/class/net/{name}/ifindex"), CultureInfo.InvariantCulture));
                if (s_taps.Count == 1) AppDomain.CurrentDomain.ProcessExit += (_, _) => RemoveOwn();
            }
            return s_taps[index];
        }
    }

    /// <summary>Both hooks of a packet run on one CPU, or the handoff between them is lost. Each thread gets a CPU and keeps it.</summary>
    public static void StayOnOneCpu()
    {
        if (t_pinned) return;
        if (t_cpu == 0) t_cpu = Interlocked.Increment(ref s_threads) % Cpus + 1;
        Keep(1UL << (t_cpu - 1));
        t_pinned = true;
    }

    /// <summary>On any CPU again until packets run: loads and processes that this thread begins are not kept on its own.</summary>
    public static void Roam()
    {
        if (!t_pinned) return;
        Keep(Cpus == 64 ? ulong.MaxValue : (1UL << Cpus) - 1);
        t_pinned = false;
    }

    private static int Cpus { get; } = Math.Min(Environment.ProcessorCount, 64);

    private static void Keep(ulong cpus)
    {
        if (SetAffinity(0, sizeof(ulong), cpus) != 0) throw new InvalidOperationException("sched_setaffinity");
    }

    private static string Mount()
    {
        var folder = Path.Combine(Path.GetTempPath(), Invariant($"merlon-kt-{Environment.ProcessId}"));
        Directory.CreateDirectory(folder);
        KernelObject.Run("mount", "-t", "bpf", "bpf", folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            KernelObject.Run("umount", "-l", folder);
            Directory.Delete(folder);
        };
        return folder;
    }

    private static void RemoveOwn()
    {
        for (var i = 0; i < s_taps.Count; i++) KernelObject.Run("ip", "link", "del", Invariant($"{TapPrefix}{Environment.ProcessId}x{i}"));
    }

    // A killed run leaves its taps; its process is gone.
    private static void RemoveStale()
    {
        foreach (var link in Directory.GetFileSystemEntries("/sys/class/net", TapPrefix + "*x*").Select(p => Path.GetFileName(p)!))
            if (!Directory.Exists("/proc/" + link[TapPrefix.Length..].Split('x')[0])) KernelObject.Run("ip", "link", "del", link);
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int pid, nint size, in ulong mask);
}
