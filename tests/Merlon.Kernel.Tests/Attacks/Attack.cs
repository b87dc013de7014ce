using System.Buffers.Binary;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Attacks;

/// <summary>What an attack's frames are made from: the place, and the connections under attack as their entries stand.</summary>
public sealed class Attack(AttackPlace place, LiveConnection v4, LiveConnection v6)
{
    /// <summary>Less than the narrowest window that is ever granted (66,000): none lies between two steps.</summary>
    private const uint Step = 1 << 16;

    private readonly ConnRecord _entry4 = v4.Entry()!.Value, _entry6 = v6.Entry()!.Value;

    /// <summary>Stands at the end of a frame that does not have an attacker's MAC.</summary>
    public static ReadOnlySpan<byte> Mark => "merlon-attack"u8;

    public AttackPlace Place => place;

    /// <summary>A segment that out sends in the name of an end of a live connection, next in order unless it is changed.</summary>
    public Packet Segment(bool ofWeb, bool isV6, Tcp flags, uint? seq = null, uint? ack = null)
    {
        var (from, to, port) = (ofWeb ? place.Web : place.Db, ofWeb ? place.Db : place.Web, (isV6 ? v6 : v4).ClientPort);
        return AttackPlace.Forged(place.Out, from, to, isV6) with
        {
            Proto = Protocols.Tcp,
            Flags = flags,
            SourcePort = ofWeb ? port : AttackPlace.Service,
            DestinationPort = ofWeb ? AttackPlace.Service : port,
            Seq = seq ?? Own(ofWeb, isV6).End,
            Ack = ack ?? (flags.HasFlag(Tcp.Ack) ? Own(!ofWeb, isV6).End : 0),
        };
    }

    /// <summary>Numbers over the whole space, none of them the one that its receiver expects.</summary>
    public IEnumerable<uint> WholeSpace(bool ofWeb, bool isV6)
    {
        var next = Own(ofWeb, isV6).End;
        for (ulong n = 0; n < 1UL << 32; n += Step) yield return (uint)(next + 1 + n);
    }

    /// <summary>The neighbours of every bound, three to each side; not the number that its receiver expects.</summary>
    public IEnumerable<uint> Edges(bool ofWeb, bool isV6)
    {
        var (own, peer) = (Own(ofWeb, isV6), Own(!ofWeb, isV6));
        return new[] { own.End, own.MaxEnd, own.End - peer.MaxWin, own.End - 66000, own.End + 66000 }
            .SelectMany(bound => Enumerable.Range(-3, 7).Select(n => (uint)(bound + n))).Distinct().Where(n => n != own.End);
    }

    /// <summary>Whether a segment without data and with a true acknowledgement is in the window (the bounds of docs/packet-path.md, TCP).</summary>
    public bool InWindow(bool ofWeb, bool isV6, uint seq)
    {
        var (own, peer) = (Own(ofWeb, isV6), Own(!ofWeb, isV6));
        return (int)(seq - own.MaxEnd) <= 0 && (int)(seq - (own.End - peer.MaxWin - 1)) > 0;
    }

    /// <summary>Whether a number was sent lately, as a quoted one must be.</summary>
    public bool SentLately(bool ofWeb, bool isV6, uint seq)
    {
        var (own, peer) = (Own(ofWeb, isV6), Own(!ofWeb, isV6));
        return (int)(seq - own.End) <= 0 && (int)(seq - (own.End - Math.Max(peer.MaxWin, 66000) - 1)) > 0;
    }

    /// <summary>One frame for each number, which is written into its place.</summary>
    public static IEnumerable<byte[]> WithNumbers(Packet packet, IEnumerable<uint> numbers, int at)
    {
        var template = packet.Bytes();
        foreach (var number in numbers)
        {
            BinaryPrimitives.WriteUInt32BigEndian(template.AsSpan(at), number);
            yield return template;
        }
    }

    private ConnWindow Own(bool ofWeb, bool isV6) => (isV6 ? _entry6 : _entry4).Window[ofWeb ? 0 : 1];
}
