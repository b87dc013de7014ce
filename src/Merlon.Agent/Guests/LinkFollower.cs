using Merlon.Datapath.Links;

namespace Merlon.Agent.Guests;

/// <summary>Tells of every interface that comes, goes or moves to another bridge.</summary>
internal static class LinkFollower
{
    public static IReadOnlyList<HostLink> List()
    {
        var links = LinkTable.List();
        var names = links.ToDictionary(l => l.Ifindex, l => l.Name);
        var plain = links.Where(l => l.PlainBridge).Select(l => l.Ifindex).ToHashSet();
        return [.. links.Select(l => new HostLink(l.Ifindex, l.Name, names.GetValueOrDefault(l.Master), l.Forwards && plain.Contains(l.Master) ? (uint)l.Master : 0, l.Mtu))];
    }

    public static async Task RunAsync(LinkWatch watch, Action changed, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await watch.ReadAsync(stop);
                changed();
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
