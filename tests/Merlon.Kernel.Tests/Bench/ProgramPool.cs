using System.Collections.Concurrent;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Fixtures;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>Programs of this checkout that stay loaded from one world to the next, for the verifier takes more than a second for each. In between
/// nothing is attached, the timer stands, and every map is as it was made but for the ABI's number.</summary>
internal static class ProgramPool
{
    /// <summary>More than any world's image has, whose numbers begin at <see cref="AbiLimits.RuleIdFirst"/>; to look at a million takes long.</summary>
    private const int UsualRules = 4096;

    private static readonly ConcurrentDictionary<DatapathOptions, ConcurrentBag<string>> s_idle = new();

    /// <summary>A folder whose pins the next <see cref="KernelDatapath.Open"/> takes over, or where it loads.</summary>
    public static string Take(DatapathOptions options) => Idle(options).TryTake(out var folder) ? folder : TestPlace.NewFolder();

    /// <summary>From the namespace of its interfaces. Another object than this checkout's (its path is not "") leaves the kernel.</summary>
    public static void Give(DatapathOptions options, string folder, KernelDatapath program)
    {
        uint[] rules;
        using (program)
        {
            if (options.ObjectPath is not "")
            {
                program.Remove();
                return;
            }
            foreach (var attached in program.Attacher.ListAttached()) program.Attacher.Detach(attached.Ifindex);
            rules = [.. Enumerable.Range(0, UsualRules).Select(i => (uint)i), .. program.Images.ReadBack()?.RuleIds ?? []];
        }
        Empty(folder, rules);
        Idle(options).Add(folder);
    }

    /// <summary>Each map of an instance that something is in.</summary>
    public static IReadOnlyList<string> Held(string folder) => Each(folder, map => map.Held() > 0 ? map.Name : "").Where(n => n is not "").ToList();

    /// <summary>A slice that runs meanwhile goes on to its end.</summary>
    public static void EndTimer(string folder)
    {
        using var timer = new RawMap(Path.Combine(folder, "maps", "timer"));
        timer.Clear();
    }

    private static void Empty(string folder, uint[] rules)
    {
        // Where others' filters stay, a pin stays too that says whose their qdisc is.
        foreach (var pin in Directory.GetFiles(Path.Combine(folder, "links"))) File.Delete(pin);
        EndTimer(folder);
        // A slice that ran meanwhile ends: it may yet put a key back into its queue.
        Thread.Sleep(5);
        Each(folder, map =>
        {
            map.Clear(map.Name == "rule_hits" ? rules : null);
            return true;
        });
        // Pins with a marker and of no ABI are another's.
        using var control = Pinned.Map(folder, "control");
        control.Update(0u, new ControlRecord { Abi = AbiLimits.Version });
    }

    private static List<T> Each<T>(string folder, Func<RawMap, T> what) => [.. Directory.GetFiles(Path.Combine(folder, "maps")).Select(pin =>
    {
        using var map = new RawMap(pin);
        return what(map);
    })];

    // Event rings are made anew by each Open, whatever their size was.
    private static ConcurrentBag<string> Idle(DatapathOptions options) => s_idle.GetOrAdd(options with { RingBytes = 0 }, _ => []);
}
