using System.Diagnostics;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>The kernel program, compiled once per run from the sources of this checkout; or the object that MERLON_OBJECT names,
/// so that an old kernel gets the very object that this machine's kernel got.</summary>
internal static class KernelObject
{
    private static readonly Lazy<string> s_path = new(Build);

    public static string Path => s_path.Value;

    public static string Repository
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "Merlon.slnx"))) folder = folder.Parent;
            return folder?.FullName ?? throw new InvalidOperationException("run the tests from a checkout");
        }
    }

    public static string Run(string program, params string[] arguments)
    {
        TestPlace.Roam();
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit {process.ExitCode}\n{error.Result}{output}");
    }

    private static string Build()
    {
        if (Environment.GetEnvironmentVariable("MERLON_OBJECT") is { Length: > 0 } given) return given;
        var path = System.IO.Path.Combine(AppContext.BaseDirectory, "firewall.bpf.o");
        Run(System.IO.Path.Combine(Repository, "datapath", "build.sh"), path);
        return path;
    }
}
