using System.CommandLine;
using Merlon.Cli.Output;
using Merlon.Contracts;

namespace Merlon.Cli;

/// <summary>One invocation of a verb: its arguments, its instance, and where data and talk go.</summary>
internal sealed class Call
{
    private readonly CallConfiguration surroundings;

    public Call(ParseResult parsed, CallConfiguration surroundings)
    {
        this.surroundings = surroundings;
        Parsed = parsed;
        Out = surroundings.Output;
        Error = surroundings.Error;
        Format = parsed.GetValue<string>(GlobalOptions.OutputName) switch
        {
            "json" => OutputFormat.Json,
            "yaml" => OutputFormat.Yaml,
            _ => OutputFormat.Table,
        };
        Color = surroundings.Terminal && !parsed.GetValue<bool>(GlobalOptions.NoColorName) && string.IsNullOrEmpty(Environment("NO_COLOR"));
        var instance = parsed.GetValue<string>(GlobalOptions.InstanceName) ?? Environment("MERLON_INSTANCE") ?? "";
        Paths = InstancePaths.Parse(instance) ?? throw new CliException(
            $"'{instance}' is not an instance name", "use letters, digits and dashes, at most 32");
    }

    public ParseResult Parsed { get; }

    public CallConfiguration Surroundings => surroundings;

    /// <summary>Data only.</summary>
    public TextWriter Out { get; }

    /// <summary>Talk: progress, warnings, errors.</summary>
    public TextWriter Error { get; }

    public OutputFormat Format { get; }

    public bool Color { get; }

    public InstancePaths Paths { get; }

    public string? Environment(string name) => surroundings.Environment(name);

    /// <summary>The parser has refused a line without the required ones; an optional one that is not given is null.</summary>
    public T Get<T>(Argument<T> argument) => Parsed.GetValue(argument)!;

    /// <summary>The option's value, or its default when it was not given.</summary>
    public T? Get<T>(Option<T> option) => Parsed.GetValue(option);

    public void Say(string line) => Error.WriteLine(Printable.Line(line));
}
