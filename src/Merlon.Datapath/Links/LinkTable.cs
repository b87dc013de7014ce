using Merlon.Datapath.Native;

namespace Merlon.Datapath.Links;

/// <summary>The interfaces of this network namespace, by rtnetlink.</summary>
public static class LinkTable
{
    public static IReadOnlyList<Link> List()
    {
        using var socket = new NetlinkSocket();
        return [.. socket.Dump(LinkMessage.List()).Select(m => LinkMessage.Read(m.Payload)).OfType<Link>()];
    }

    public static Link? Find(string name) => List().FirstOrDefault(l => l.Name == name);

    public static Link? Find(int ifindex) => List().FirstOrDefault(l => l.Ifindex == ifindex);

    /// <summary>Sets the transmit queue length; a tap with 0 drops what waits for its reader.</summary>
    public static void SetTransmitQueue(int ifindex, uint length)
    {
        using var socket = new NetlinkSocket();
        var result = socket.Do(LinkMessage.SetTransmitQueue(ifindex, length));
        if (result < 0) throw NetlinkSocket.Failed(result);
    }
}
