using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>A seeded fault: one edit of a source file, that a row or test of its subject must find.</summary>
/// <param name="File">Path below the folder that the subject's sources are in: datapath/ or src/Merlon.Policy/.</param>
/// <param name="Text">Stands in the file exactly once.</param>
internal sealed record Fault(string Subject, string Name, string File, string Text, string With, Position At)
{
    /// <summary>All of tests/cases/packets/faults, each named by its file and line when it cannot be read or no longer fits the source.</summary>
    public static Fault[] ReadAll() => ReadAll("tests/cases/packets/faults", _ => Sources);

    /// <summary>Those of tests/cases/policy/faults: of the compiler and of the verdict code.</summary>
    public static Fault[] ReadPolicy() => ReadAll("tests/cases/policy/faults", subject => subject == "datapath" ? Sources : Path.Combine(KernelObject.Repository, "src/Merlon.Policy"));

    /// <summary>Compiles the program with this fault in it. Throws when it does not compile.</summary>
    /// <param name="folder">For the changed sources and the object.</param>
    public string Build(string folder) => Build(folder, [this]);

    /// <summary>The same with several, which must leave each other's texts alone.</summary>
    public static string Build(string folder, IEnumerable<Fault> faults)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(Sources)) System.IO.File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        foreach (var fault in faults)
        {
            var path = Path.Combine(folder, fault.File);
            var source = System.IO.File.ReadAllText(path);
            if (!source.Contains(fault.Text, StringComparison.Ordinal)) throw new InvalidOperationException($"{fault.Subject}: '{fault.Name}' does not go with the faults before it");
            System.IO.File.WriteAllText(path, source.Replace(fault.Text, fault.With, StringComparison.Ordinal));
        }
        var built = Path.Combine(folder, "firewall.bpf.o");
        KernelObject.Run("bash", Path.Combine(folder, "build.sh"), built); // by name: a process that starts now may hold the new file open
        return built;
    }

    private static string Sources => Path.Combine(KernelObject.Repository, "datapath");

    private static Fault[] ReadAll(string folder, Func<string, string> sourcesOf)
    {
        var findings = new Findings();
        var faults = Directory.GetFiles(Path.Combine(KernelObject.Repository, folder), "*.yaml").Order(StringComparer.Ordinal)
            .SelectMany(p => Read(p, sourcesOf(Path.GetFileNameWithoutExtension(p)), findings)).ToArray();
        return findings.Errors == 0 ? faults : throw new InvalidOperationException(string.Join('\n', findings.InOrder()));
    }

    private static IEnumerable<Fault> Read(string path, string sources, Findings findings)
    {
        var name = Path.Combine("faults", Path.GetFileName(path));
        foreach (var node in new YamlReader(new(name, System.IO.File.ReadAllText(path)), findings).Read().OfType<YamlList>().SelectMany(l => l.Items))
        {
            if (Fields.Open(node, "a fault", findings, "name", "file", "text", "with") is not { } f) continue;
            var fault = new Fault(Path.GetFileNameWithoutExtension(path), f.Text("name", required: true) ?? "", f.Text("file", required: true) ?? "", f.Text("text", required: true) ?? "", f.Text("with") ?? "", f.At);
            var source = Path.Combine(sources, fault.File);
            var times = System.IO.File.Exists(source) ? System.IO.File.ReadAllText(source).Split(fault.Text).Length - 1 : 0;
            if (times != 1) findings.Error("stale-fault", f.Place("text"), $"the text stands {times} times in {fault.File}, not once");
            else yield return fault;
        }
    }
}
