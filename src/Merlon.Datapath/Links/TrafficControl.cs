using System.Buffers.Binary;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Links;

/// <summary>What traffic control already has on an interface.</summary>
internal static class TrafficControl
{
    private const ushort GetQdisc = 38, GetFilter = 46;
    private const int TcBytes = 20, Kind = 1;

    /// <summary>The two halves of a clsact qdisc.</summary>
    public const uint ParentIngress = 0xfffffff2, ParentEgress = 0xfffffff3;

    /// <summary>An <c>ingress</c> qdisc, which stands where clsact would.</summary>
    public static bool HasIngressQdisc(int ifindex)
    {
        using var socket = new NetlinkSocket();
        // A qdisc dump takes no interface: it gives all, so look at the index of each.
        return socket.Dump(Request(GetQdisc, 0, 0)).Any(m => Is(m.Payload, ifindex, "ingress"));
    }

    /// <summary>Interfaces with an <c>ingress</c> or <c>clsact</c> qdisc.</summary>
    public static HashSet<int> IngressQueues()
    {
        using var socket = new NetlinkSocket();
        return [.. socket.Dump(Request(GetQdisc, 0, 0)).Select(m => (m.Payload, Ifindex: m.Payload.Length >= TcBytes ? BinaryPrimitives.ReadInt32LittleEndian(m.Payload.AsSpan(4)) : 0))
            .Where(q => Is(q.Payload, q.Ifindex, "ingress") || Is(q.Payload, q.Ifindex, "clsact")).Select(q => q.Ifindex)];
    }

    public static bool HasFilters(int ifindex) => Filters(ifindex, ParentIngress).Count > 0 || Filters(ifindex, ParentEgress).Count > 0;

    /// <summary>Handles of the filters at a hook, in the order they run; none when the interface is gone.</summary>
    public static IReadOnlyList<uint> Filters(int ifindex, uint parent)
    {
        using var socket = new NetlinkSocket();
        try
        {
            // Each priority is told by itself first, with handle 0.
            return [.. socket.Dump(Request(GetFilter, ifindex, parent)).Where(m => m.Payload.Length >= TcBytes)
                .Select(m => BinaryPrimitives.ReadUInt32LittleEndian(m.Payload.AsSpan(8))).Where(handle => handle != 0)];
        }
        catch (DatapathException)
        {
            return [];
        }
    }

    private static bool Is(byte[] payload, int ifindex, string kind) =>
        payload.Length >= TcBytes && BinaryPrimitives.ReadInt32LittleEndian(payload.AsSpan(4)) == ifindex
        && NetlinkMessage.Text(NetlinkMessage.Find(payload.AsSpan(TcBytes), Kind)) == kind;

    private static NetlinkMessage Request(ushort type, int ifindex, uint parent)
    {
        Span<byte> tc = stackalloc byte[TcBytes];
        tc.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(tc[4..], ifindex);
        BinaryPrimitives.WriteUInt32LittleEndian(tc[12..], parent);
        return new(type, NetlinkMessage.Dump, tc);
    }
}
