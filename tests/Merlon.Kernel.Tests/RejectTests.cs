using System.Buffers.Binary;
using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Traffic;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Xunit;
using TestResult = Merlon.Datapath.TestResult;

namespace Merlon.Kernel.Tests;

/// <summary>Answers to what a rule of <c>reject</c> refuses (here tcp/22 to db, udp/22, ping): when, what, how many.</summary>
public sealed class RejectTests : IDisposable
{
    private const int Ip = 14;
    private static readonly string s_manifest = Shop.Manifest
        .Replace("services: [tcp/22]", "services: [tcp/22, udp/22, sctp/22, icmp/13, icmp/8, icmp6/128]", StringComparison.Ordinal)
        .Replace(", service/ping", "", StringComparison.Ordinal);
    private readonly World _shop = new(s_manifest);

    public void Dispose() => _shop.Dispose();

    private Port Web => _shop["web"];

    private Port Db => _shop["db"];

    private Packet Ssh(bool v6 = false) => _shop.WebToDb(v6) with { Proto = Protocols.Tcp, Flags = Tcp.Syn, Seq = 1000, DestinationPort = 22 };

    private Packet FromOutside(bool v6 = false) => Ssh(v6) with { Source = v6 ? Shop.OutsideV6 : Shop.OutsideV4, SourceMac = Shop.Router };

    private TestResult Run(string hook, Port port, Packet packet) => Run(hook, port, packet.Bytes());

    private TestResult Run(string hook, Port port, byte[] frame)
    {
        TestPlace.StayOnOneCpu();
        return _shop.Kernel.Tests.Run(hook, frame, port.Ifindex);
    }

    private ulong Held => _shop.Kernel.Counters[Counter.AnswersHeld];

    [Fact]
    public void A_SYN_is_answered_by_a_reset_that_its_sender_believes()
    {
        foreach (var v6 in new[] { false, true })
            foreach (var (hook, port, packet) in new[] { ("from_vm", Web, Ssh(v6)), ("to_vm", Db, FromOutside(v6)) })
            {
                var syn = packet with { Data = 5 };
                var asked = syn.Bytes();
                var result = Run(hook, port, asked);
                result.Answered.Should().BeTrue();
                var l4 = v6 ? Ip + 40 : Ip + 20;
                result.Packet.Should().HaveCount(l4 + 20);
                result.Packet.AsSpan(0, 12).ToArray().Should().Equal([.. asked[6..12], .. asked[..6]]);
                var tcp = result.Packet.AsSpan(l4);
                BinaryPrimitives.ReadUInt16BigEndian(tcp).Should().Be(22);
                BinaryPrimitives.ReadUInt16BigEndian(tcp[2..]).Should().Be((ushort)syn.SourcePort);
                BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]).Should().Be(0);
                BinaryPrimitives.ReadUInt32BigEndian(tcp[8..]).Should().Be(1000 + 5 + 1, "RFC 9293 3.10.7.1: it acknowledges what came, SYN and data");
                tcp[13].Should().Be((byte)(Tcp.Rst | Tcp.Ack));
                Sums(result.Packet, v6, Protocols.Tcp);
                _shop.Events().Should().ContainSingle().Which.Should().Match<MerlonEvent>(e => e.Type == EventType.Deny && e.Verdict == Verdict.Reject && e.Reason == Reason.Rule);
            }
        _shop.Kernel.Connections.List().Should().BeEmpty();
    }

    [Fact]
    public void Anything_else_is_answered_by_administratively_prohibited()
    {
        foreach (var (proto, v6) in new[] { (Protocols.Udp, false), (Protocols.Udp, true), (Protocols.Sctp, false), (Protocols.Icmp, false), (Protocols.Icmp6, true) })
        {
            var packet = FromOutside(v6) with { Proto = proto, IcmpType = v6 ? 128 : 8, Data = 100 };
            var result = Run("to_vm", Db, packet);
            result.Answered.Should().BeTrue();
            var l4 = v6 ? Ip + 40 : Ip + 20;
            var quote = v6 ? 48 : 28;
            result.Packet.Should().HaveCount(l4 + 8 + quote);
            result.Packet.AsSpan(l4, 2).ToArray().Should().Equal(v6 ? [1, 1] : [3, 13]);
            result.Packet.AsSpan(l4 + 8, quote).ToArray().Should().Equal(packet.Ip().AsSpan(0, quote).ToArray());
            Sums(result.Packet, v6, v6 ? Protocols.Icmp6 : Protocols.Icmp);
        }
    }

    [Fact]
    public void An_answer_passes_the_hooks_on_its_way_home_once_and_nothing_like_it_does()
    {
        var answer = Run("to_vm", Db, Ssh()).Packet;
        var forged = answer.ToArray();
        forged[^9] ^= 1; // of the acknowledgement
        Run("from_vm", Db, forged).Dropped.Should().BeTrue();
        Run("from_vm", Db, answer).Passed.Should().BeTrue();
        Run("to_vm", Web, forged).Dropped.Should().BeTrue();
        Run("to_vm", Web, answer).Passed.Should().BeTrue();
        Run("from_vm", Db, answer).Dropped.Should().BeTrue("a guest that repeats it has no more right to it than to any reset");
        Run("to_vm", Web, answer).Dropped.Should().BeTrue();
    }

    [Fact]
    public void Packets_alike_are_answered_one_by_one()
    {
        var answer = Run("to_vm", Db, Ssh()).Packet;
        Run("to_vm", Db, Ssh()).Packet.Should().Equal(answer);
        Run("to_vm", Db, Ssh()).Packet.Should().Equal(answer);
        for (var i = 0; i < 3; i++)
        {
            Run("from_vm", Db, answer).Passed.Should().BeTrue();
            Run("to_vm", Web, answer).Passed.Should().BeTrue();
        }
        Run("from_vm", Db, answer).Dropped.Should().BeTrue();
    }

    [Theory]
    [InlineData(15, false)] // TOS
    [InlineData(18, false)] // id
    [InlineData(20, false)] // fragment bits
    [InlineData(15, true)] // flow label
    public void A_guest_has_no_byte_of_it_to_write_in(int at, bool v6)
    {
        var answer = Run("to_vm", Db, Ssh(v6)).Packet;
        var other = answer.ToArray();
        other[at] ^= 4;
        Run("from_vm", Db, other).Dropped.Should().BeTrue();
        var hops = answer.ToArray();
        hops[v6 ? 21 : 22]--;
        Run("from_vm", Db, hops).Dropped.Should().BeTrue("it leaves as it was written");
        Run("from_vm", Web, answer).Dropped.Should().BeTrue("it leaves the VM that rejects");
        Run("from_vm", Db, answer).Passed.Should().BeTrue();
        Run("to_vm", Web, hops).Passed.Should().BeTrue("a router on the way takes its hop");
    }

    [Fact]
    public void A_live_connection_of_the_same_ends_is_not_reset()
    {
        // db calls web from port 22, of all ports: a SYN back to it is rejected.
        _shop.Apply(s_manifest.Replace("rules:\n", "rules:\n  - {name: db-web, from: [vm/db], to: [vm/web], services: [tcp/443], action: allow}\n", StringComparison.Ordinal));
        var syn = Ssh().Back() with { Flags = Tcp.Syn, Seq = 1, DestinationPort = 443 };
        var knock = Ssh() with { Source = Web.V4, SourcePort = 443, Seq = 77 };
        Run("to_vm", Db, knock).Answered.Should().BeTrue("nothing is there yet");
        _shop.Send(syn).Passed.Should().BeTrue();
        _shop.Send(syn.Back() with { Flags = Tcp.Syn | Tcp.Ack, Seq = 500, Ack = 2 }).Passed.Should().BeTrue();
        _shop.Send(syn with { Flags = Tcp.Ack, Seq = 2, Ack = 501 }).Passed.Should().BeTrue();
        Run("to_vm", Db, knock with { Seq = 78 }).Should().Match<TestResult>(r => r.Dropped && !r.Answered);
    }

    [Fact]
    public void What_a_rule_under_observation_would_allow_is_rejected_all_the_same()
    {
        _shop.Apply(s_manifest + "\n---\napiVersion: merlon/v1\nkind: Policy\nmetadata: {name: aaa, tenant: shop}\n" +
            "spec: {tier: tenant, priority: 1, enforcement: observe, rules: [{name: ssh, from: [any], to: [vm/db], services: [tcp/22], action: allow}]}\n");
        Run("to_vm", Db, FromOutside()).Answered.Should().BeTrue();
        _shop.Events().Should().ContainSingle().Which.Verdict.Should().Be(Verdict.WouldAllow);
    }

    [Fact]
    public void An_answer_that_is_not_home_after_a_second_is_a_packet_like_others()
    {
        var answer = Run("from_vm", Web, Ssh()).Packet;
        Thread.Sleep(1100);
        Run("to_vm", Web, answer).Dropped.Should().BeTrue();
    }

    [Fact]
    public void What_must_not_be_answered_is_dropped_in_silence()
    {
        (string Why, Packet Packet)[] rows =
        [
            ("a reset", FromOutside() with { Flags = Tcp.Rst }),
            ("another reset", FromOutside() with { Flags = Tcp.Rst | Tcp.Ack }),
            ("a query that is no echo", FromOutside() with { Proto = Protocols.Icmp, IcmpType = 13, Data = 100 }),
            ("a group's MAC", FromOutside() with { DestinationMac = new(0x01005e000001) }),
            ("a broadcast's MAC", FromOutside() with { DestinationMac = new(0xffffffffffff) }),
            ("a group's source MAC", FromOutside() with { SourceMac = new(0x01005e000001) }),
            ("IPv4 options", FromOutside() with { Options = [1, 1, 1, 0] }),
            ("an extension header", FromOutside(true) with { Extensions = [(60, new byte[8])] }),
            ("an address that is not the VM's", FromOutside() with { Destination = Address.Parse("10.0.0.9") }),
            ("no source", FromOutside() with { Source = Address.Parse("0.0.0.0") }),
            ("a group's address", FromOutside() with { Source = Address.Parse("224.0.0.1") }),
            ("broadcast", FromOutside() with { Source = Address.Parse("255.255.255.255") }),
            ("loopback", FromOutside() with { Source = Address.Parse("127.0.0.1") }),
            ("IPv6's loopback", FromOutside(true) with { Source = Address.Parse("::1") }),
            ("an IPv6 group's address", FromOutside(true) with { Source = Address.Parse("ff02::1") }),
            ("the VM's own MAC", FromOutside() with { SourceMac = Db.Mac }),
        ];
        foreach (var (why, packet) in rows)
        {
            var result = Run("to_vm", Db, packet);
            result.Answered.Should().BeFalse(why);
            result.Dropped.Should().BeTrue(why);
        }
        Run("to_vm", Db, FromOutside()).Answered.Should().BeTrue();
    }

    /// <summary>The bridge would learn from the answer that the VM is here, and send here what is for the host that it still runs on.</summary>
    [Fact]
    public void Nothing_is_answered_for_a_VM_that_has_not_spoken_here_yet()
    {
        _shop.ChangePort("db", p => p with { Awaited = 1 });
        var result = Run("to_vm", Db, FromOutside());
        (result.Dropped, result.Answered).Should().Be((true, false));
        _shop.ChangePort("db", p => p with { Awaited = 0 });
        Run("to_vm", Db, FromOutside()).Answered.Should().BeTrue();
    }

    [Fact]
    public void Answers_are_never_more_bytes_than_the_packets_they_answer()
    {
        var empty = FromOutside() with { Proto = Protocols.Udp };
        var (received, answered) = (0, 0);
        for (var i = 0; i < 100; i++)
        {
            var result = Run("to_vm", Db, empty);
            received += empty.Ip().Length;
            if (result.Answered) answered += result.Packet.Length - 14;
            answered.Should().BeLessThanOrEqualTo(received);
        }
        answered.Should().Be(50 * 56);
        Held.Should().Be(50);
    }

    [Fact]
    public void A_flood_gets_128_answers_a_second_and_costs_no_other_VM_its_own()
    {
        var syn = FromOutside().Bytes();
        TestPlace.StayOnOneCpu();
        var before = _shop.Kernel.Counters[Counter.Answers];
        for (var i = 0; i < 600; i++) Run("to_vm", Db, syn);
        var answers = _shop.Kernel.Counters[Counter.Answers] - before;
        answers.Should().BeInRange(100, 128 * 4, "the loop takes less than three seconds");
        Held.Should().Be(600 - answers);
        Run("from_vm", Web, Ssh()).Answered.Should().BeTrue("web's account is its own");
        Run("from_vm", Db, Ssh() with { Source = Db.V4, SourceMac = Db.Mac, Destination = Shop.OutsideV4, DestinationMac = Shop.Router }).Answered.Should().BeFalse("no rule rejects what db sends");
    }

    private static void Sums(byte[] frame, bool v6, int proto)
    {
        var l4 = frame.AsSpan(v6 ? Ip + 40 : Ip + 20);
        if (!v6) InternetChecksum.Of(frame.AsSpan(Ip, 20)).Should().Be(0, "IPv4 header");
        byte[] pseudo = proto == Protocols.Icmp ? []
            : [.. v6 ? frame.AsSpan(Ip + 8, 32) : frame.AsSpan(Ip + 12, 8), 0, (byte)proto, 0, (byte)l4.Length];
        InternetChecksum.Of([.. pseudo, .. l4]).Should().Be(0, "transport");
    }
}
