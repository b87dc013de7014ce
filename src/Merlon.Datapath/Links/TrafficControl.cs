using System.Buffers.Binary;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Links;

/// <summary>What traffic control already has on an interface.</summary>
internal static class TrafficControl
{
    private const ushort GetQdisc = 38, GetFilter = 46;
    private const int TcBytes = 20, Kind = 1;
    private const uint ParentIngress = 0xfffffff2, ParentEgress = 0xfffffff3;

    /// <summary>An <c>ingress</c> qdisc, which stands where clsact would.</summary>
    public static bool HasIngressQdisc(int ifindex)
    {
        using var socket = new NetlinkSocket();
        // A qdisc dump takes no interface: it gives all, so look at the index of each.
        return socket.Dump(Request(GetQdisc, 0, 0)).Any(m => Is(m.Payload, ifindex, "ingress"));
    }

    public static bool HasFilters(int ifindex)
    {
        using var socket = new NetlinkSocket();
        try
        {
            return socket.Dump(Request(GetFilter, ifindex, ParentIngress)).Count > 0 || socket.Dump(Request(GetFilter, ifindex, ParentEgress)).Count > 0;
        }
        catch (DatapathException)
        {
            // The interface is gone, and its filters with it.
            return false;
        }
    }

    private static bool Is(byte[] payload, int ifindex, string kind) =>
        payload.Length >= TcBytes && BinaryPrimitives.ReadInt32LittleEndian(payload.AsSpan(4)) == ifindex
        && NetlinkMessage.Attributes(payload.AsSpan(TcBytes)).TryGetValue(Kind, out var found) && NetlinkMessage.Text(found) == kind;

    private static NetlinkMessage Request(ushort type, int ifindex, uint parent)
    {
        Span<byte> tc = stackalloc byte[TcBytes];
        tc.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(tc[4..], ifindex);
        BinaryPrimitives.WriteUInt32LittleEndian(tc[12..], parent);
        return new(type, NetlinkMessage.Dump, tc);
    }
}
