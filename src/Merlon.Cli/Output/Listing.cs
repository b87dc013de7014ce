using Spectre.Console;

namespace Merlon.Cli.Output;

/// <summary>A plain table for people: no borders, so that it cuts well; a row is one line, which a narrow terminal breaks at its edge.</summary>
internal sealed class Listing(params string[] columns)
{
    private readonly List<string[]> rows = [];

    public int Count => rows.Count;

    /// <summary>Null and empty cells show as a dash.</summary>
    public void Add(params string?[] cells) =>
        rows.Add([.. cells.Select(c => string.IsNullOrEmpty(c) ? "-" : Printable.Line(c))]);

    public void WriteTo(Call call)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var c in columns)
            table.AddColumn(new TableColumn(new Text(c, new Style(decoration: Decoration.Bold))) { Padding = new(0, 0, 2, 0), NoWrap = true });
        foreach (var row in rows) table.AddRow(row.Select(c => new Text(c, Shade(c))));
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new()
        {
            Ansi = call.Color ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = call.Color ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 10_000;
        console.Write(table);
        foreach (var line in text.ToString().TrimEnd().Split('\n')) call.Out.WriteLine(line.TrimEnd());
    }

    /// <summary>Words that people look for; the colour repeats what the word says.</summary>
    private static Style Shade(string cell) => cell switch
    {
        "allow" or "ok" or "yes" or "running" => new Style(Color.Green),
        "deny" or "reject" or "broken" or "no" or "error" => new Style(Color.Red),
        "warning" or "would-deny" or "would-allow" or "observe" or "partly" => new Style(Color.Yellow),
        _ => Style.Plain,
    };
}
