using System.Runtime.InteropServices;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Agent.Flows;

/// <summary>With whom each vNIC had most of what its budgets refused, by the newest deny records: of each vNIC and budget the few peers that
/// count most (Metwally's Space-Saving, so a peer with more than a <see cref="Most"/>th of it is always among them). Any thread.</summary>
internal sealed class Talkers
{
    private const int Most = 16;
    private readonly Dictionary<(uint Vnic, Reason Budget), Dictionary<Peer, Said>> _peers = [];
    private readonly Lock _lock = new();

    /// <summary>The vNIC at which a denied packet is booked: that of the budget which refused it, else the one that judged.</summary>
    public static uint BookedOn(in MerlonEvent e)
    {
        if (!e.Flags.HasFlag(EventFlags.In)) return e.SourceVnic;
        // What the outside opens is the budget's of the VM that it asks.
        return e.SourceVnic != 0 && BudgetRecord.Budgets.Contains(e.Reason) && !IsAnswer(e) ? e.SourceVnic : e.DestinationVnic;
    }

    public void Count(in MerlonEvent e)
    {
        if (!BudgetRecord.Budgets.Contains(e.Reason)) return;
        var vnic = BookedOn(e);
        var peer = vnic != e.SourceVnic ? new Peer(e.Source.ToAddress(), e.Proto, IsAnswer(e) ? e.SourcePort : e.DestinationPort) : new(e.Destination.ToAddress(), e.Proto, e.DestinationPort);
        lock (_lock)
        {
            ref var peers = ref CollectionsMarshal.GetValueRefOrAddDefault(_peers, (vnic, e.Reason), out _);
            Add(peers ??= new(Most), peer, e);
        }
    }

    /// <summary>An event of the peer that counts most, and half of what is known is forgotten; null = no deny record has come.</summary>
    public MerlonEvent? Top(IEnumerable<uint> vnics, Reason budget)
    {
        lock (_lock)
        {
            var all = vnics.SelectMany(v => _peers.GetValueOrDefault((v, budget), [])).ToList();
            if (all.Count == 0) return null;
            var top = all.MaxBy(p => p.Value.Packets).Value.Example;
            foreach (var (_, said) in all) said.Packets /= 2;
            return top;
        }
    }

    /// <summary>Nothing is refused there any more.</summary>
    public void Forget(IEnumerable<uint> vnics, Reason budget)
    {
        lock (_lock)
            foreach (var vnic in vnics) _peers.Remove((vnic, budget));
    }

    // The answer would have made it an established connection, of the end that asked. TCP becomes one with that end's own word.
    private static bool IsAnswer(in MerlonEvent e) => e is { Reason: Reason.VmBudget, Proto: not 6 };

    private static void Add(Dictionary<Peer, Said> peers, Peer peer, in MerlonEvent e)
    {
        if (!peers.TryGetValue(peer, out var said))
        {
            said = new();
            if (peers.Count == Most)
            {
                var least = peers.MinBy(p => p.Value.Packets);
                peers.Remove(least.Key);
                said.Packets = least.Value.Packets;
            }
            peers[peer] = said;
        }
        said.Packets += e.Packets[0];
        said.Example = e;
    }

    private readonly record struct Peer(Address Address, byte Proto, ushort Port);

    private sealed class Said
    {
        public ulong Packets { get; set; }
        public MerlonEvent Example { get; set; }
    }
}
