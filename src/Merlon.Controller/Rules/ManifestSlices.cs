using System.Text.RegularExpressions;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>Cuts a manifest file into its documents' texts, so that each is stored as it was written. In YAML a line that starts with
/// <c>---</c> ends a document wherever it stands (YAML 1.2, 9.1.2), so lines are enough.</summary>
internal sealed partial class ManifestSlices
{
    private readonly List<(int Line, string Text)> slices = [];

    public ManifestSlices(ManifestText file)
    {
        int[] starts = [0, .. Breaks().Matches(file.Text).Select(m => m.Index + m.Length)];
        var (first, from) = (1, 0);
        for (var line = 1; line <= starts.Length; line++)
        {
            var start = starts[line - 1];
            var end = line < starts.Length ? starts[line] : file.Text.Length;
            var text = file.Text[start..end];
            if (!IsMarker(text)) continue;
            Add(first, file.Text[from..start]);
            // Content after the marker belongs to the document.
            (first, from) = text.Trim().Length > 3 ? (line, start) : (line + 1, end);
        }
        Add(first, file.Text[from..]);
    }

    /// <summary>The slice that a line (from 1) lies in.</summary>
    public (int Line, string Text) At(int line) => slices.Last(s => s.Line <= line);

    private void Add(int line, string text)
    {
        if (text.Length > 0) slices.Add((line, text));
    }

    private static bool IsMarker(string line) =>
        (line.StartsWith("---", StringComparison.Ordinal) || line.StartsWith("...", StringComparison.Ordinal)) && (line.Length == 3 || char.IsWhiteSpace(line[3]));

    // What the parser counts as ends of lines: a form feed is none.
    [GeneratedRegex("\r\n|[\r\n\u0085\u2028\u2029]")]
    private static partial Regex Breaks();
}
