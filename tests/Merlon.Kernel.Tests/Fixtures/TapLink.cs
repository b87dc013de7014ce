using Merlon.Datapath.Links;
using Merlon.Kernel.Tests.Bench;

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>A tap with a name of this process's own.</summary>
internal sealed class TapLink : IDisposable
{
    private static int s_number;

    public TapLink() : this($"mk{Environment.ProcessId}-{Interlocked.Increment(ref s_number)}")
    {
        KernelObject.Run("ip", "tuntap", "add", "dev", Name, "mode", "tap");
        KernelObject.Run("ip", "link", "set", Name, "up");
        Ifindex = LinkTable.Find(Name)!.Ifindex;
    }

    private TapLink(string name) => Name = name;

    /// <summary>Many at once, by one process.</summary>
    public static IReadOnlyList<TapLink> Make(int count)
    {
        TapLink[] taps = [.. Enumerable.Range(0, count).Select(_ => new TapLink($"mk{Environment.ProcessId}-{Interlocked.Increment(ref s_number)}"))];
        Batch(taps.SelectMany(t => new[] { $"tuntap add dev {t.Name} mode tap", $"link set {t.Name} up" }));
        var found = LinkTable.List().ToDictionary(l => l.Name, l => l.Ifindex);
        foreach (var tap in taps) tap.Ifindex = found[tap.Name];
        return taps;
    }

    public static void Remove(IEnumerable<TapLink> taps) => Batch(taps.Select(t => $"link del {t.Name}"));

    public string Name { get; }

    public int Ifindex { get; private set; }

    public void Dispose() =>
        KernelObject.Run("sh", "-c", $"ip link del {Name} 2>/dev/null || ! ip link show {Name} 2>/dev/null");

    private static void Batch(IEnumerable<string> lines)
    {
        var file = Path.GetTempFileName();
        File.WriteAllLines(file, lines);
        KernelObject.Run("ip", "-batch", file);
        File.Delete(file);
    }
}
