using Merlon.Datapath.Links;

namespace Merlon.Agent.Guests;

/// <summary>Tells of every interface that comes, goes or moves to another bridge.</summary>
internal static class LinkFollower
{
    public static IReadOnlyList<HostLink> List()
    {
        var links = LinkTable.List();
        var names = links.ToDictionary(l => l.Ifindex, l => l.Name);
        return [.. links.Select(l => new HostLink(l.Ifindex, l.Name, names.GetValueOrDefault(l.Master)))];
    }

    /// <param name="changed">The names of what changed; empty = unknown, look at everything.</param>
    public static async Task RunAsync(LinkWatch watch, Action<IReadOnlyList<string>> changed, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var changes = await watch.ReadAsync(stop);
                changed([.. changes.Select(c => c.Link?.Name).OfType<string>().Distinct()]);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
