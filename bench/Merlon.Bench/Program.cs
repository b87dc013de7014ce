using System.Globalization;
using Merlon.Bench;

// merlon-bench policy [RULES...]: workload W10. Ends with 1 when an image says anything else than the plain evaluator.
// merlon-bench expiry OBJECT [ENTRIES]: workloads W13 and W14.
switch (args)
{
    case ["policy", .. var rules]:
        int[] sizes = rules.Length > 0 ? [.. rules.Select(a => int.Parse(a, CultureInfo.InvariantCulture))] : [1000, 10_000, 100_000];
        var bench = new PolicyBench(Console.Out);
        bench.Header();
        foreach (var size in sizes)
            foreach (var shape in Enum.GetValues<Shape>()) bench.Compile(shape, size);
        if (sizes.Contains(10_000)) bench.Plan(10_000);
        return bench.Wrong == 0 ? 0 : 1;
    case ["expiry", var path, .. var entries]:
        return new ExpiryBench(path, entries is [var n] ? int.Parse(n, CultureInfo.InvariantCulture) : 1_000_000, Console.Out).Run();
    default:
        Console.Error.WriteLine("merlon-bench policy [RULES...] | expiry OBJECT [ENTRIES]");
        return 1;
}
