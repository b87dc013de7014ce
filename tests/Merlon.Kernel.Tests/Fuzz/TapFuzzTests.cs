using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Fixtures;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests.Fuzz;

/// <summary>The same frames through real taps and a real bridge, with every virtio header a driver might write: what arrives at the
/// other guest is what its VMM reads. `./dev long tap-frames` goes on until the kernel has taken a million.</summary>
public sealed class TapFuzzTests
{
    private const ulong FirstSeed = 5_000_001;

    [Fact, Trait("long", "tap-frames")]
    public void Nothing_arrives_that_the_plain_evaluator_refuses()
    {
        var evidence = new Evidence("tap-frames").With("firstSeed", FirstSeed).With("unit", "rounds are frames that the kernel took");
        evidence.Batches(brief: 40_000, full: 1_000_000, batch: 100_000, (first, count) =>
        {
            var (plain, trunk) = (Played(first, count / 2, trunk: false), Played(first + count / 2, count - count / 2, trunk: true));
            return plain.Concat(trunk).GroupBy(c => c.Key, (key, all) => (key, all.Sum(c => c.Count)));
        }, whole: sum =>
        {
            foreach (var kind in TapClasses.All) Assert.True(sum(kind) > 0, $"no frame was taken with {kind}");
            foreach (var reason in s_reasons) Assert.True(sum("dropped " + reason.Text()) > 0, $"no frame was dropped as {reason.Text()}");
        });
    }

    // trunk: both VMs may tag, and each hook judges for itself.
    private static List<(string Key, long Count)> Played(int first, int count, bool trunk)
    {
        using var wire = new Wire(FirstSeed + (ulong)first, trunk);
        wire.Play(count);
        Assert.True(wire.Wrong.Count == 0, string.Join('\n', wire.Wrong));
        Assert.True(wire.Arrived > count / 50, $"too little passes: {wire.Arrived} of {count}");
        Assert.True(!trunk || wire.Tagged > count / 400, $"too little passes with tags: {wire.Tagged} of {count}");
        Assert.True(wire.Answers > 0, "no frame met the rule that rejects");
        return [("sent", wire.Sent), ("takenByTheKernel", wire.Taken.Frames), ("arrived", wire.Arrived), ("arrivedTagged", wire.Tagged), ("answers", wire.Answers),
            .. wire.Taken.Counts, .. wire.Shop.Kernel.Counters.Drops().Where(d => d.Value > 0).Select(d => ("dropped " + d.Key.Text(), (long)d.Value))];
    }

    /// <summary>What a tap's frames alone can come to, and what is left to the host.</summary>
    private static readonly Reason[] s_reasons =
    [
        Reason.Default, Reason.Rule, Reason.Truncated, Reason.Malformed, Reason.Ethertype, Reason.VlanTag, Reason.Fragment, Reason.ExtensionHeader, Reason.SpoofedMac, Reason.SpoofedAddress,
        Reason.SpoofedArp, Reason.SpoofedNd, Reason.TcpNoConnection, Reason.TcpInvalidFlags, Reason.IcmpUnrelated, Reason.ChecksumOffload, Reason.SegmentOffload,
    ];

    /// <summary>The control: a program that does not ask for sources is caught.</summary>
    [Fact]
    public void A_program_that_asks_less_is_caught()
    {
        using var wire = new Wire(FirstSeed);
        wire.Shop.ChangePort("web", p => p with { SpoofIpv4 = 0 });
        wire.Play(20_000);
        Assert.NotEmpty(wire.Wrong);
    }

    private sealed class Wire : IDisposable
    {
        private readonly TappedShop _taps;
        private readonly PlainGuard _plain;
        private readonly FrameMaker _maker;
        private readonly byte[] _buffer = new byte[80_000];

        /// <summary>Ends of the resets that tcp/22 (`no-ssh`) may be answered with.</summary>
        private readonly HashSet<(Address From, int Port, Address To, int ToPort)> _rejected = [];

        public Wire(ulong seed, bool trunk = false)
        {
            _taps = new(trunk);
            _taps.Host.BridgePastFilters();
            (_plain, _maker) = (new(Shop.Set!, Shop.Inventory!), new(seed, Shop));
        }

        public Shop Shop => _taps.Shop;
        public TapClasses Taken { get; } = new();
        public long Sent { get; private set; }
        public long Arrived { get; private set; }
        public long Tagged { get; private set; }
        public long Answers { get; private set; }
        public List<string> Wrong { get; } = [];

        /// <summary>Until the kernel has taken so many.</summary>
        public void Play(int frames)
        {
            for (var n = 0; Taken.Frames < frames && Wrong.Count < 20; n++)
            {
                var (from, to, near, far) = n % 2 == 0 ? (Shop.Web, Shop.Db, _taps.Web, _taps.Db) : (Shop.Db, Shop.Web, _taps.Db, _taps.Web);
                var frame = _maker.Next(from);
                var header = _maker.VirtioHeader(frame.Length);
                Sent++;
                if (!near.TrySend(header, frame)) continue;
                Taken.Count(header, frame);
                Opened(from, to, header[1] != 0 ? Lengthened(frame) : frame);
                while (far.Next(_buffer) is { } arrived)
                    if (arrived.AsSpan(6, 6).SequenceEqual(Packet.Mac(from.Mac)) && Objection(from, to, arrived) is { } objection)
                        Wrong.Add($"seed {_maker.Seed}, frame {n} from {from.Vm}: {objection}: header {Convert.ToHexString(header)} sent {Convert.ToHexString(frame)} arrived {Convert.ToHexString(arrived)}");
            }
        }

        public void Dispose() => _taps.Dispose();

        // It may open a conversation although the host, which cuts it, lets none of its pieces arrive.
        private void Opened(Port from, Port to, byte[] frame)
        {
            var r = FrameReading.Of(frame);
            if (r is not { IsMulticast: false }) return;
            if (r is { Protocol: Protocols.Tcp, DestinationPort: 22 }) _rejected.Add((r.To, r.DestinationPort, r.From, r.SourcePort));
            if ((r.DestinationMac != to.Mac || _plain.IsTrunk) && _plain.AtSource(r, from, null) is null) _plain.Delivered(r, from, null);
            if (r.DestinationMac == to.Mac && _plain.AtSource(r, from, to) is null && _plain.AtDestination(r, from, to) is null) Passed(r, from, to);
        }

        // A super-packet too long for its length field says 0.
        private static byte[] Lengthened(byte[] frame)
        {
            var type = 12;
            while (type + 6 <= frame.Length && frame.AsSpan(type, 2) is [0x81, 0] or [0x88, 0xa8]) type += 4;
            if (frame.Length < type + 42) return frame;
            var (at, length) = frame.AsSpan(type, 2) is [8, 0] ? (type + 4, frame.Length - type - 2) : (type + 6, frame.Length - type - 42);
            if (frame[at] != 0 || frame[at + 1] != 0) return frame;
            var copy = (byte[])frame.Clone();
            Packet.Big16(length).CopyTo(copy, at);
            return copy;
        }

        // A reset as the program writes it; FrameMaker's IPv4 packets have an id.
        private bool IsAnswer(FrameReading r, byte[] frame)
        {
            var transport = frame.Length - 20;
            return r.Protocol == Protocols.Tcp && transport == (frame[12] == 8 ? 34 : 54) && frame[transport + 13] is 0x04 or 0x14 &&
                (frame[12] != 8 || frame.AsSpan(18, 4).SequenceEqual<byte>([0, 0, 0x40, 0])) && _rejected.Contains((r.From, r.SourcePort, r.To, r.DestinationPort));
        }

        private void Passed(FrameReading r, Port from, Port to)
        {
            foreach (var into in new[] { false, true }) _plain.Passed(r, into ? to : from, into);
            _plain.Delivered(r, from, to);
        }

        private string? Objection(Port from, Port to, byte[] frame)
        {
            var r = FrameReading.Of(frame);
            if (r is not null && IsAnswer(r, frame))
            {
                Answers++;
                return null;
            }
            if (r is { Vlan: not 0 }) Tagged++;
            Arrived++;
            var towards = r is { IsMulticast: true } ? null : to;
            if ((_plain.AtSource(r, from, towards) ?? _plain.AtDestination(r, from, to)) is { } objection) return objection;
            Passed(r!, from, to);
            return null;
        }
    }
}
