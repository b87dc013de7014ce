using Merlon.Fast.Tests.Fuzz;
using SharpFuzz;

// Merlon.Fuzz TARGET                      what afl-fuzz runs (./dev fuzz)
// Merlon.Fuzz instrument ASSEMBLY...      makes assemblies tell it their branches
// Merlon.Fuzz corpus TARGET FOLDER        writes what it begins with
switch (args)
{
    case ["instrument", .. var assemblies]:
        foreach (var assembly in assemblies) Fuzzer.Instrument(assembly, _ => true, Options.Value);
        return 0;
    case ["corpus", var name, var folder]:
        foreach (var (i, bytes) in FuzzCorpus.Of(name).Index()) File.WriteAllBytes(Path.Combine(folder, $"{i:d4}"), bytes);
        return 0;
    case [var name] when FuzzTargets.All.TryGetValue(name, out var target):
        Fuzzer.OutOfProcess.Run(stream =>
        {
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            target(copy.ToArray());
        });
        return 0;
    default:
        Console.Error.WriteLine($"usage: Merlon.Fuzz instrument ASSEMBLY... | corpus TARGET FOLDER | TARGET, one of {string.Join(", ", FuzzTargets.All.Keys)}");
        return 1;
}
