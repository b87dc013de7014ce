using System.CommandLine;

namespace Merlon.Cli;

/// <summary>A command with examples in its help and one way to fail: a line with the mend and an exit code.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>Left out of help: a door for scripts.</summary>
    public Verb Hide()
    {
        Hidden = true;
        return this;
    }

    public Verb Runs(Func<Call, CancellationToken, Task<int>> action)
    {
        SetAction((parsed, cancel) => Guarded(parsed, action, cancel));
        return this;
    }

    private static async Task<int> Guarded(ParseResult parsed, Func<Call, CancellationToken, Task<int>> action, CancellationToken cancel)
    {
        var error = parsed.InvocationConfiguration.Error;
        try
        {
            return await action(new Call(parsed, (CallConfiguration)parsed.InvocationConfiguration), cancel);
        }
        catch (CliException e)
        {
            error.WriteLine(Output.Printable.Line(e.Mend is null ? $"error: {e.Message}" : $"error: {e.Message}; {e.Mend}"));
            return e.Code;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCode.Error;
        }
        catch (UnauthorizedAccessException e)
        {
            error.WriteLine(Output.Printable.Line($"error: {e.Message.TrimEnd('.')}; use sudo"));
            return ExitCode.Denied;
        }
        catch (IOException e)
        {
            // A reader that went away (merlon … | head) and a disk that failed both end here.
            error.WriteLine(Output.Printable.Line($"error: {e.Message}"));
            return ExitCode.Error;
        }
    }
}
