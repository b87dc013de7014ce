namespace Merlon.Policy.Analyze;

/// <summary>Everything that policy can tell of one address in one revision.</summary>
/// <param name="Out">Ruleset that judges what it sends; -1 = nobody does.</param>
/// <param name="In">Ruleset that judges what it receives; -1 = nobody does.</param>
/// <param name="Remote">Its class where it is the other end.</param>
/// <param name="Observed">Its Guard only observes.</param>
internal readonly record struct EndView(int Out, int In, int Remote, bool Observed)
{
    public bool IsJudged => Out >= 0 || In >= 0;
}
