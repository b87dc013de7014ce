using System.Buffers.Binary;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Links;

/// <summary>What else looks at the frames that bridges carry, and would be skipped by the short cut: nft chains of the bridge and netdev families
/// (ebtables-nft's and libvirt's nwfilter's are among them) and ingress chains of the inet family, tables of the older ebtables, and
/// br_netfilter where it hands frames to iptables.</summary>
public static class BridgeObstacle
{
    private const ushort GetChain = 10 << 8 | 4; // NFNL_SUBSYS_NFTABLES, NFT_MSG_GETCHAIN
    private const byte Inet = 1, Netdev = 5, Bridge = 7; // NFPROTO_*
    private const int ChainHook = 4, HookNumber = 1, InetIngress = 5, FamilyBytes = 4; // NFTA_CHAIN_HOOK, NFTA_HOOK_HOOKNUM, NF_INET_INGRESS, struct nfgenmsg

    /// <summary>For a person; null = none. What cannot be asked counts as one.</summary>
    public static string? Find()
    {
        foreach (var filter in (string[])["iptables", "ip6tables", "arptables"])
        {
            var file = "/proc/sys/net/bridge/bridge-nf-call-" + filter;
            if (File.Exists(file) && File.ReadAllText(file).Trim() != "0") return $"br_netfilter hands bridged frames to {filter}";
        }
        if (Loaded("ebtable_") is { } module) return $"{module} is loaded";
        return HasChains(Bridge, _ => true) ? "nft has chains of the bridge family" : HasChains(Netdev, _ => true) ? "nft has chains of the netdev family"
            : HasChains(Inet, IsIngress) ? "nft has ingress chains of the inet family" : null;
    }

    // A kernel without modules has no such file.
    private static string? Loaded(string prefix) => !File.Exists("/proc/modules") ? null
        : File.ReadLines("/proc/modules").Select(line => line.Split(' ')[0]).FirstOrDefault(name => name.StartsWith(prefix, StringComparison.Ordinal));

    // Chains without a hook are reached from others only.
    private static bool IsIngress(byte[] chain) => chain.Length > FamilyBytes
        && NetlinkMessage.Find(NetlinkMessage.Find(chain.AsSpan(FamilyBytes), ChainHook), HookNumber) is { Length: 4 } number && BinaryPrimitives.ReadInt32BigEndian(number) == InetIngress;

    private static bool HasChains(byte family, Func<byte[], bool> which)
    {
        try
        {
            using var socket = new NetlinkSocket(protocol: NetlinkSocket.Netfilter);
            // EINVAL: nf_tables is not there.
            return socket.TryDump(new(GetChain, NetlinkMessage.Dump, [family, 0, 0, 0]), out var chains) switch { 0 => chains.Any(c => which(c.Payload)), -Libc.Einval => false, _ => true };
        }
        catch (DatapathException)
        {
            return true;
        }
    }
}
