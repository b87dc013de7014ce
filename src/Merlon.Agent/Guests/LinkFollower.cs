using Merlon.Datapath.Links;

namespace Merlon.Agent.Guests;

/// <summary>Tells of every interface that comes, goes or moves to another bridge.</summary>
internal static class LinkFollower
{
    public static IReadOnlyList<HostLink> List()
    {
        var links = LinkTable.List();
        var names = links.ToDictionary(l => l.Ifindex, l => l.Name);
        var bridges = links.Where(l => l.Bridge != BridgeKind.None).ToDictionary(l => l.Ifindex, l => l.Bridge);
        return [.. links.Select(Of)];

        HostLink Of(Datapath.Links.Link link)
        {
            var bridge = bridges.GetValueOrDefault(link.Master);
            return new(link.Ifindex, link.Name, names.GetValueOrDefault(link.Master), bridge is BridgeKind.Plain or BridgeKind.Sorting ? (uint)link.Master : 0, link.Mtu,
                bridge == BridgeKind.Plain && link.Forwards);
        }
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
