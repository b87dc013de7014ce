using System.CommandLine;
using Merlon.Cli.Output;

namespace Merlon.Cli.Commands;

/// <summary>merlon completion: the script for a shell; it asks <c>merlon complete</c> for words.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _merlon() {
            local IFS=$'\n'
            COMPREPLY=($(merlon complete "$COMP_POINT" "$COMP_LINE" 2>/dev/null))
        }
        complete -o default -F _merlon merlon
        """;

    private const string Zsh = """
        #compdef merlon
        _merlon() {
            local line="${words[*]}"
            local -a found
            found=("${(@f)$(merlon complete "${#line}" "$line" 2>/dev/null)}")
            compadd -a found || _files
        }
        compdef _merlon merlon
        """;

    private const string Fish = """
        function __merlon_complete
            set -l line (commandline -cp)
            merlon complete (string length -- $line) $line 2>/dev/null
        end
        complete -c merlon -a '(__merlon_complete)'
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "Your shell" }.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var verb = new Verb("completion", "Print the completion script of a shell", "source <(merlon completion bash)", "merlon completion fish > ~/.config/fish/completions/merlon.fish") { shell };
        return verb.Runs((call, _) =>
        {
            call.Out.WriteLine(call.Get(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return Task.FromResult(ExitCode.Ok);
        });
    }

    /// <summary>What the scripts call: the words that may stand at a position of a line.</summary>
    public static Command CreateComplete(Func<Names, RootCommand> root)
    {
        var position = new Argument<int>("POSITION");
        var line = new Argument<string>("LINE");
        return new Verb("complete", "Words that may follow; used by the completion scripts") { position, line }.Hide().Runs((call, _) =>
        {
            var typedLine = call.Get(line)[..Math.Clamp(call.Get(position), 0, call.Get(line).Length)];
            // The first word is however the user calls this program: merlon, ./merlon, an alias.
            var rest = typedLine.TrimStart() is var l && l.IndexOf(' ', StringComparison.Ordinal) is var space and >= 0 ? l[(space + 1)..] : "";
            var parsed = root(new Names(call.Surroundings)).Parse(rest);
            var typed = parsed.GetCompletionContext().WordToComplete;
            foreach (var word in parsed.GetCompletions(rest.Length).Select(c => c.InsertText ?? c.Label).Where(w => Fits(w, typed)).Distinct())
                call.Out.WriteLine(Printable.Line(word));
            return Task.FromResult(ExitCode.Ok);
        });
    }

    /// <summary>Options only once a dash is typed: a bare tab shows verbs and names.</summary>
    private static bool Fits(string word, string typed) =>
        word[0] != '/' && (word[0] != '-' || typed.StartsWith('-')) && word != "-?";
}
