using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>What changed between two end classes in one way: the service classes, and who decided about each.</summary>
internal sealed class PairChange(int from, int to)
{
    public int From => from;

    public int To => to;

    public List<int> Services { get; } = [];

    /// <summary>By service: the end that the change comes from, and what it says before and after.</summary>
    public List<(Direction Direction, Side Before, Side After)> Ends { get; } = [];

    public IEnumerable<Side> RulesBefore => Ends.Select(e => e.Before);

    public IEnumerable<Side> RulesAfter => Ends.Select(e => e.After);

    public void Add(int service, Direction at, (Side Out, Side In) before, (Side Out, Side In) after)
    {
        Services.Add(service);
        Ends.Add(at == Direction.Out ? (at, before.Out, after.Out) : (at, before.In, after.In));
    }
}
