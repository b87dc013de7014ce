using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>Cuts a manifest file into its documents' texts, so that each is stored as it was written. In YAML a line that starts with
/// <c>---</c> ends a document wherever it stands (YAML 1.2, 9.1.2), so lines are enough.</summary>
internal sealed class ManifestSlices
{
    private readonly List<(int Line, string Text)> slices = [];

    public ManifestSlices(ManifestText file)
    {
        var lines = file.Text.ReplaceLineEndings("\n").Split('\n');
        var start = 0;
        for (var i = 0; i <= lines.Length; i++)
        {
            if (i < lines.Length && !IsMarker(lines[i])) continue;
            if (i > start) slices.Add((start + 1, string.Join('\n', lines[start..i]).TrimEnd() + "\n"));
            start = i < lines.Length && lines[i].Length > 3 ? i : i + 1; // content after the marker belongs to the document
        }
    }

    /// <summary>The slice that a line (from 1) lies in.</summary>
    public (int Line, string Text) At(int line) => slices.Last(s => s.Line <= line);

    private static bool IsMarker(string line) =>
        line is "---" or "..." || line.StartsWith("--- ", StringComparison.Ordinal) || line.StartsWith("---\t", StringComparison.Ordinal);
}
