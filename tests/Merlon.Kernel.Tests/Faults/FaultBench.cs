using System.Globalization;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Packets;

namespace Merlon.Kernel.Tests.Faults;

/// <summary>Builds the compiler or the kernel program with one fault in it and runs the tests of its subject on that. All in a folder of its own below
/// artifacts/, so that this checkout's settings apply and its own binaries stay as they are.</summary>
internal sealed class FaultBench : IDisposable
{
    private const string Library = "Merlon.Policy";
    private static readonly string[] s_ofDatapath = ["EnginesAgreeTests", "DecideTests", "ObserveTests", "DenyTests", "FirstPacketTests"];
    private readonly string _folder = Path.Combine(KernelObject.Repository, "artifacts", "mutants", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
    private bool _restored;

    public FaultBench() => Directory.CreateDirectory(_folder);

    /// <summary>The test that caught it; null = none did. Throws when it does not compile.</summary>
    public string? Play(Fault fault) => fault.Subject == "datapath" ? InProgram(fault) : InCompiler(fault);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string? InProgram(Fault fault)
    {
        var place = Path.Combine(_folder, "datapath");
        var built = fault.Build(place);
        var caught = SuiteRun.FirstFailure(Environment.ProcessPath!, built, [.. s_ofDatapath.SelectMany(c => new[] { "--filter-class", "*." + c })]);
        Directory.Delete(place, recursive: true);
        return caught;
    }

    private string? InCompiler(Fault fault)
    {
        var sources = Path.Combine(_folder, Library);
        if (!Directory.Exists(sources)) Copy(Path.Combine(KernelObject.Repository, "src", Library), sources);
        var file = Path.Combine(sources, fault.File);
        var source = File.ReadAllText(file);
        File.WriteAllText(file, source.Replace(fault.Text, fault.With, StringComparison.Ordinal));
        var built = Path.Combine(_folder, "built");
        KernelObject.Run("dotnet", ["build", sources, "-c", "Release", "-nologo", "-v", "q", "--disable-build-servers", "-o", built,
            "-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false", .. _restored ? ["--no-restore"] : Array.Empty<string>()]);
        _restored = true;
        File.WriteAllText(file, source);
        return SuiteRun.FirstFailure(Suite(Path.Combine(built, Library + ".dll")), null, "--filter-namespace", "Merlon.Fast.Tests.Policy");
    }

    /// <summary>The fast suite beside another compiler.</summary>
    private string Suite(string library)
    {
        const string name = "Merlon.Fast.Tests";
        var suite = Path.Combine(_folder, "suite");
        if (!Directory.Exists(suite)) KernelObject.Run("cp", "-al", Path.Combine(KernelObject.Repository, "tests", name, "bin/Release/net10.0"), suite);
        var place = Path.Combine(suite, Library + ".dll");
        File.Delete(place);
        File.Copy(library, place);
        return Path.Combine(suite, name);
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(from, f)))
        {
            if (file.StartsWith("bin/", StringComparison.Ordinal) || file.StartsWith("obj/", StringComparison.Ordinal)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(to, file))!);
            File.Copy(Path.Combine(from, file), Path.Combine(to, file));
        }
    }
}
