using System.Diagnostics;

namespace Merlon.Kernel.Tests.Analysis;

/// <summary>One z3 process: SMT-LIB in, answers out.</summary>
public sealed class Z3 : IDisposable
{
    private readonly Process _process = Process.Start(new ProcessStartInfo("z3", "-in -smt2") { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    public void Say(string text) => _process.StandardInput.WriteLine(text);

    /// <summary>Null when nothing fulfils the condition, else values that do.</summary>
    public string? Find(string condition, string values)
    {
        Say($"(push)\n(assert {condition})\n(check-sat)");
        _process.StandardInput.Flush();
        var answer = _process.StandardOutput.ReadLine();
        string? found = null;
        if (answer == "sat")
        {
            Say($"(get-value ({values}))\n(echo \"end\")");
            _process.StandardInput.Flush();
            for (var line = _process.StandardOutput.ReadLine(); line != "end"; line = _process.StandardOutput.ReadLine()) found += line;
        }
        else if (answer != "unsat") throw new InvalidOperationException($"z3 said '{answer}'");
        Say("(pop)");
        return found;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
