using Merlon.Datapath.Native;

namespace Merlon.Datapath.Links;

/// <summary>What else looks at the frames that bridges carry, and would be skipped by the short cut: nft chains of the bridge and netdev families
/// (ebtables-nft's and libvirt's nwfilter's are among them), and br_netfilter where it hands frames to iptables.</summary>
public static class BridgeObstacle
{
    private const ushort GetChain = 10 << 8 | 4; // NFNL_SUBSYS_NFTABLES, NFT_MSG_GETCHAIN
    private const byte Bridge = 7, Netdev = 5; // NFPROTO_*

    /// <summary>For a person; null = none. What cannot be asked counts as one.</summary>
    public static string? Find()
    {
        foreach (var filter in (string[])["iptables", "ip6tables", "arptables"])
        {
            var file = "/proc/sys/net/bridge/bridge-nf-call-" + filter;
            if (File.Exists(file) && File.ReadAllText(file).Trim() != "0") return $"br_netfilter hands bridged frames to {filter}";
        }
        return HasChains(Bridge) ? "nft has chains of the bridge family" : HasChains(Netdev) ? "nft has chains of the netdev family" : null;
    }

    private static bool HasChains(byte family)
    {
        try
        {
            using var socket = new NetlinkSocket(protocol: NetlinkSocket.Netfilter);
            // EINVAL: nf_tables is not there.
            return socket.TryDump(new(GetChain, NetlinkMessage.Dump, [family, 0, 0, 0]), out var chains) switch { 0 => chains.Count > 0, -Libc.Einval => false, _ => true };
        }
        catch (DatapathException)
        {
            return true;
        }
    }
}
