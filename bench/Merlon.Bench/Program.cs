using System.Globalization;
using Merlon.Bench;
using Merlon.Bench.Figures;
using Merlon.Bench.Workloads;
using Merlon.Datapath;

// merlon-bench policy [RULES...]: workload W10. Ends with 1 when an image says anything else than the plain evaluator.
// merlon-bench member OBJECT [RULES...]: a change of one member, from the policy in hand to the kernel.
// merlon-bench plan FOLDER: a plan on 10,000 rules as people make it, with the programs in FOLDER.
// merlon-bench expiry OBJECT [ENTRIES]: workloads W13 and W14.
// merlon-bench run OBJECT HELPER RESULTS COMMIT [WORKLOAD...] [--quick] [-o json]: the other ones (docs/benchmarks.md).
switch (args)
{
    case ["policy", .. var rules]:
        int[] sizes = rules.Length > 0 ? [.. rules.Select(a => int.Parse(a, CultureInfo.InvariantCulture))] : [1000, 10_000, 100_000];
        var bench = new PolicyBench(Console.Out);
        bench.Header();
        foreach (var size in sizes)
            foreach (var shape in Enum.GetValues<Shape>()) bench.Compile(shape, size);
        return bench.Wrong == 0 ? 0 : 1;
    case ["member", var path, .. var rules]:
        new MemberBench(path, Console.Out).Run(rules.Length > 0 ? [.. rules.Select(a => int.Parse(a, CultureInfo.InvariantCulture))] : [1000, 10_000, 100_000]);
        return 0;
    case ["plan", var folder]:
        return await new PlanBench(folder, Console.Out).Run();
    case ["expiry", var path, .. var entries]:
        return new ExpiryBench(path, entries is [var n] ? int.Parse(n, CultureInfo.InvariantCulture) : 1_000_000, Console.Out).Run();
    case ["run", var program, var helper, var results, var commit, .. var wanted]:
        return Run(program, helper, results, commit, wanted);
    default:
        Console.Error.WriteLine("merlon-bench policy [RULES...] | member OBJECT [RULES...] | plan FOLDER | expiry OBJECT [ENTRIES] | run OBJECT HELPER RESULTS COMMIT [WORKLOAD...] [--quick] [-o json]");
        return 1;
}

static int Run(string program, string helper, string results, string commit, string[] wanted)
{
    var (ids, quick, json) = (new List<string>(), false, false);
    for (var i = 0; i < wanted.Length; i++)
        switch (wanted[i])
        {
            case "--quick": quick = true; break;
            case "-o" when i + 1 < wanted.Length && wanted[i + 1] is "json" or "table": json = wanted[++i] == "json"; break;
            case var id when Workload.All.Any(w => w.Id == id): ids.Add(id); break;
            default:
                Console.Error.WriteLine($"error: '{wanted[i]}' is neither a workload ({string.Join(' ', Workload.All.Select(w => w.Id))}) nor an option (--quick, -o json|table)");
                return 1;
        }
    try
    {
        var options = new BenchOptions(program, helper, quick, json ? Console.Error : Console.Out);
        var (code, rows) = new BenchRun(options, results, commit).Run(Workload.All.Where(w => ids.Count == 0 || ids.Contains(w.Id)));
        if (json) Console.Out.WriteLine(BenchRow.ToJson(rows));
        return code;
    }
    catch (Exception e) when (e is DatapathException or InvalidOperationException)
    {
        Console.Error.WriteLine($"error: {e.Message}");
        return 1;
    }
}
