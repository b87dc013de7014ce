using System.Runtime.InteropServices;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Agent.Flows;

/// <summary>With whom each vNIC had most of what its budgets refused, by the newest deny records: of each vNIC and budget the few peers that
/// count most (Metwally's Space-Saving; what a peer has taken over from the one whose place it took is kept apart). A peer with an eighth of it
/// is always found, none with less than a <see cref="Most"/>th is named. Any thread.</summary>
internal sealed class Talkers
{
    private const int Most = 16;
    private readonly Dictionary<(uint Vnic, Reason Budget), Book> _books = [];
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
            ref var book = ref CollectionsMarshal.GetValueRefOrAddDefault(_books, (vnic, e.Reason), out _);
            (book ??= new()).Add(peer, vnic != e.SourceVnic && !IsAnswer(e), e);
        }
    }

    /// <summary>With whom it was, and half of what is known is forgotten; null = no deny record has come since the last look.</summary>
    public Talk? Top(IEnumerable<uint> vnics, Reason budget)
    {
        lock (_lock)
        {
            var books = vnics.Select(v => _books.GetValueOrDefault((v, budget))).OfType<Book>().Where(b => b.Total > 0).ToList();
            Talk? talk = books.Exists(b => b.HasNews) ? Of(books) : null;
            foreach (var book in books) book.Halve();
            return talk;
        }
    }

    /// <summary>Nothing is refused there any more.</summary>
    public void Forget(IEnumerable<uint> vnics, Reason budget)
    {
        lock (_lock)
            foreach (var vnic in vnics) _books.Remove((vnic, budget));
    }

    /// <summary>Every other vNIC is gone.</summary>
    public void Keep(IReadOnlySet<uint> vnics)
    {
        lock (_lock)
            foreach (var gone in _books.Keys.Where(k => !vnics.Contains(k.Vnic)).ToList()) _books.Remove(gone);
    }

    private static Talk Of(List<Book> books)
    {
        var (total, unasked) = (books.Aggregate(0UL, (sum, b) => sum + b.Total), books.Aggregate(0UL, (sum, b) => sum + b.Unasked));
        var top = books.SelectMany(b => b.Peers.Values).MaxBy(p => p.Own)!;
        return top.Own * Most >= total ? new(top.Example, true, top.Unasked) : new(top.Example, false, unasked > total / 2);
    }

    // The answer would have made it an established connection, of the end that asked. TCP becomes one with that end's own word.
    private static bool IsAnswer(in MerlonEvent e) => e is { Reason: Reason.VmBudget, Proto: not 6 };

    /// <param name="Example">A packet of the peer, or of any.</param>
    /// <param name="IsTop">The peer of that packet stands out.</param>
    /// <param name="Unasked">The peer (or more than half of them) has asked the VM, not the VM the peer.</param>
    internal readonly record struct Talk(MerlonEvent Example, bool IsTop, bool Unasked);

    private readonly record struct Peer(Address Address, byte Proto, ushort Port);

    private sealed class Book
    {
        public Dictionary<Peer, Said> Peers { get; } = new(Most);
        public ulong Total { get; private set; }
        public ulong Unasked { get; private set; }

        /// <summary>A deny record has come since the last look.</summary>
        public bool HasNews { get; private set; }

        public void Add(Peer peer, bool unasked, in MerlonEvent e)
        {
            if (!Peers.TryGetValue(peer, out var said))
            {
                said = new();
                if (Peers.Count == Most)
                {
                    var least = Peers.MinBy(p => p.Value.Own + p.Value.Inherited);
                    Peers.Remove(least.Key);
                    said.Inherited = least.Value.Own + least.Value.Inherited;
                }
                Peers[peer] = said;
            }
            said.Own += e.Packets[0];
            (said.Unasked, said.Example) = (unasked, e);
            HasNews = true;
            Total += e.Packets[0];
            if (unasked) Unasked += e.Packets[0];
        }

        public void Halve()
        {
            (Total, Unasked, HasNews) = (Total / 2, Unasked / 2, false);
            foreach (var (_, said) in Peers) (said.Own, said.Inherited) = (said.Own / 2, said.Inherited / 2);
        }
    }

    private sealed class Said
    {
        public ulong Own { get; set; }
        public ulong Inherited { get; set; }
        public bool Unasked { get; set; }
        public MerlonEvent Example { get; set; }
    }
}
