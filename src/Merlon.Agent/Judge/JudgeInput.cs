namespace Merlon.Agent.Judge;

/// <summary>The words after <c>judge</c>.</summary>
/// <param name="Manifests">Policies and inventories, files or folders.</param>
/// <param name="Cases">Null = the PolicyTests of the manifests.</param>
internal sealed record JudgeInput(IReadOnlyList<string> Manifests, string? Cases, string ObjectPath)
{
    public static JudgeInput Parse(ReadOnlySpan<string> words)
    {
        var manifests = new List<string>();
        string? cases = null;
        var objectPath = AgentOptions.DefaultObject();
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] is "-f" or "-i" or "--object")
            {
                var option = words[i];
                var value = ++i < words.Length ? words[i] : throw AgentOptions.Usage($"{option} needs a value");
                if (option == "--object") objectPath = value;
                else manifests.Add(value);
            }
            else if (cases is null) cases = words[i];
            else throw AgentOptions.Usage($"{words[i]} is one word too many");
        }
        return new(manifests, cases, objectPath);
    }
}
