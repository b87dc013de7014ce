using System.Buffers.Binary;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests.Fuzz;

/// <summary>Frames from both guests and from outside through the real program by test runs, hook by hook.</summary>
internal sealed class FramePlay(ulong seed, Shop shop, PlainGuard plain)
{
    private readonly FrameMaker _maker = new(seed, shop);
    private readonly Port _outside = shop.Web with { Key = default, Mac = Shop.Router, Addresses = [Shop.OutsideV4, Shop.OutsideV6] };

    public long Left { get; private set; }

    public long Arrived { get; private set; }

    /// <summary>Passed where they should not have.</summary>
    public List<string> Wrong { get; } = [];

    public void Play(int frames)
    {
        for (var n = 0; n < frames; n++)
        {
            var from = n % 10 == 9 ? null : n % 2 == 0 ? shop.Web : shop.Db;
            var to = from == shop.Db ? shop.Web : shop.Db;
            var frame = _maker.Next(from ?? _outside);
            if (!CanBeRun(frame)) continue;
            if (Play(from, to, frame) is not { } objection) continue;
            Wrong.Add($"seed {seed}, frame {n} from {from?.Vm ?? "outside"}: {objection}: {Convert.ToHexString(frame)}");
            if (Wrong.Count == 20) return;
        }
    }

    /// <summary>Every entry is of a conversation that may be.</summary>
    public void NoEntryIsLeftOver()
    {
        foreach (var e in shop.Kernel.Connections.List())
            Assert.True(plain.Talks.Contains(Conversation.Of(e.Vlan, e.Proto, e.Source, e.SourcePort, e.Destination, Protocols.IsIcmp(e.Proto) ? e.SourcePort : e.DestinationPort)), $"seed {seed}: an entry of nothing that was delivered: {e}");
    }

    // Test runs refuse IP packets without a whole header; TapFuzzTests sends them.
    private static bool CanBeRun(byte[] frame) => frame.Length >= (BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)) switch
    {
        0x0800 => 34,
        0x86dd => 54,
        _ => 14,
    });

    private string? Play(Port? from, Port to, byte[] frame)
    {
        var r = FrameReading.Of(frame);
        var reaches = r is { IsMulticast: true } || frame.AsSpan(0, 6).SequenceEqual(Packet.Mac(to.Mac));
        if (from is not null)
        {
            if (!shop.Flood("from_vm", from, frame)) return null;
            Left++;
            if (plain.AtSource(r, from, r is { IsMulticast: false } && reaches ? to : null) is { } bad) return bad;
            plain.Passed(r!, from, into: false);
            if (!reaches || plain.IsTrunk) plain.Delivered(r!, from, null);
        }
        // A bridge that floods shows it to the other guest whomever it is for.
        if (!shop.Flood("to_vm", to, frame)) return null;
        Arrived++;
        if (plain.AtDestination(r, from, to) is { } worse) return worse;
        plain.Passed(r!, to, into: true);
        plain.Delivered(r!, from, to);
        return null;
    }
}
