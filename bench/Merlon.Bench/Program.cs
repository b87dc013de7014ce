using Merlon.Bench;

// merlon-bench [RULES...]: workload W10. Ends with 1 when an image says anything else than the plain evaluator.
int[] sizes = args.Length > 0 ? [.. args.Select(a => int.Parse(a, System.Globalization.CultureInfo.InvariantCulture))] : [1000, 10_000, 100_000];
var bench = new PolicyBench(Console.Out);
bench.Header();
foreach (var rules in sizes)
    foreach (var shape in Enum.GetValues<Shape>()) bench.Compile(shape, rules);
if (sizes.Contains(10_000)) bench.Plan(10_000);
return bench.Wrong == 0 ? 0 : 1;
