using Merlon.Fast.Tests.Fuzz;
using SharpFuzz;

// merlon-fuzz TARGET: what afl-fuzz runs (./dev fuzz).   merlon-fuzz instrument DLL…: makes our assemblies tell it their branches.
if (args is ["instrument", .. var assemblies])
{
    foreach (var assembly in assemblies) Fuzzer.Instrument(assembly, _ => true, new());
    return 0;
}
if (args is not [var name] || !FuzzTargets.All.TryGetValue(name, out var target))
{
    Console.Error.WriteLine($"usage: Merlon.Fuzz instrument DLL…, or one of {string.Join(", ", FuzzTargets.All.Keys)}");
    return 1;
}
Fuzzer.Run(stream =>
{
    using var copy = new MemoryStream();
    stream.CopyTo(copy);
    target(copy.ToArray());
});
return 0;
