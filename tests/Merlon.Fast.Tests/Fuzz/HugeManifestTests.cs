using System.Diagnostics;
using Xunit;

namespace Merlon.Fast.Tests.Fuzz;

/// <summary>A manifest of 100 MB is refused and costs nothing: by the command line under a limit of memory that it would burst. (The API: ApplyTests.)</summary>
public sealed class HugeManifestTests : IDisposable
{
    private const int Huge = 100_000_000;
    private const string HeapOf24MiB = "1800000";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("merlon-huge-");

    [Fact]
    public async Task The_command_line_refuses_it_in_constant_memory()
    {
        var (code, error) = await Check(Sparse("huge.yaml", Huge));
        Assert.Equal((1, $"error: {Path.Combine(_folder.FullName, "huge.yaml")} is larger than 64 MiB; split it"), (code, error.Trim()));
        // The limit bites: what is not refused by its size needs more.
        Assert.Contains("OutOfMemoryException", (await Check(Sparse("large.yaml", Huge / 2))).Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Sparse(string name, long length)
    {
        var path = Path.Combine(_folder.FullName, name);
        using var file = File.Create(path);
        file.SetLength(length);
        return path;
    }

    private static async Task<(int Code, string Error)> Check(string file)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "merlon.dll"), "check", file]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["DOTNET_GCHeapHardLimit"] = HeapOf24MiB;
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await output;
        return (process.ExitCode, await error);
    }
}
