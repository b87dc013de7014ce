using System.Globalization;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Policy.Model;

namespace Merlon.Controller.Flows;

/// <summary>An agent's flow record to the public one. The agent is a peer: every field is checked
/// (<see cref="ContractException"/>).</summary>
internal static class FlowReader
{
    private const byte Icmp = 1, Tcp = 6, Udp = 17, Icmp6 = 58, Sctp = 132;
    private static readonly string[] Events = ["open", "close", "deny", "spoof", "budget"];
    private static readonly string[] Verdicts = ["allow", "deny", "reject", "would-deny", "would-allow"];
    private static readonly string[] EndStates = ["", "dead", "new", "replied", "established", "closing", "closed", "reset"];
    private static readonly string[] Directions = ["", "out", "in"];

    // 9999-12-31, the last instant that DateTimeOffset holds.
    private const long LastUnixMs = 253402300799999;

    public static FlowRecord Read(FlowRecordMessage m, string host)
    {
        Expect.That(m.Protocol <= 255, "protocol", $"{m.Protocol} is no IP protocol");
        Expect.That(m.SourcePort <= 65535, "source_port", $"{m.SourcePort} is no port");
        Expect.That(m.DestinationPort <= 65535, "destination_port", $"{m.DestinationPort} is no port");
        var ports = m.Protocol is Tcp or Udp or Sctp;
        var rule = Deciding(m);
        return new(
            Time(m.StartUnixMs, "start_unix_ms"), Time(m.EndUnixMs, "end_unix_ms"),
            OneOf(m.Event, Events, "event"), OneOf(m.Verdict, Verdicts, "verdict"), Expect.Name(m.Reason, "reason"),
            End(m.Source, ports ? (int)m.SourcePort : null, "source"),
            End(m.Destination, ports ? (int)m.DestinationPort : null, "destination"),
            Service(m.Protocol, m.DestinationPort),
            rule, Rule(m.OutRule, "out_rule"), Rule(m.InRule, "in_rule"), RevisionOf(rule),
            Count(m.PacketsOut, "packets_out"), Count(m.PacketsIn, "packets_in"),
            Count(m.BytesOut, "bytes_out"), Count(m.BytesIn, "bytes_in"),
            OrNull(OneOf(m.EndState, EndStates, "end_state")), OrNull(OneOf(m.Direction, Directions, "direction")),
            host, Expect.Name(m.Segment, "segment", mayBeEmpty: true));
    }

    /// <summary>The revision in tenant/policy/rule@revision; null where there is none (default, builtin/...).</summary>
    internal static long? RevisionOf(string? rule) =>
        rule?.LastIndexOf('@') is int at and >= 0
        && long.TryParse(rule.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : null;

    // The refusing rule, else in's, else out's; what would have decided when nothing was done.
    private static string? Deciding(FlowRecordMessage m)
    {
        var rule = m.Verdict is "would-deny" or "would-allow" && m.CandidateRule.Length > 0 ? m.CandidateRule
            : m.Direction == "out" ? m.OutRule
            : m.Direction == "in" ? m.InRule
            : m.InRule.Length > 0 ? m.InRule : m.OutRule;
        return Rule(rule, "rule");
    }

    private static FlowEndRecord End(FlowEnd? end, int? port, string field)
    {
        if (end is null) throw Expect.Broken(field, "is missing");
        Expect.That(Address.TryParse(end.Address, out var address), field + ".address", "is no IP address");
        if (end.Vm.Length == 0) return new(null, null, null, null, address.ToString(), port);
        Expect.That(end.NicIndex < Limits.NicsOfVm, field + ".nic_index", $"{end.NicIndex} is not below {Limits.NicsOfVm}");
        return new(
            Expect.Name(end.Vm, field + ".vm"), Expect.Uuid(end.VmUuid, field + ".vm_uuid"), (int)end.NicIndex,
            Expect.Name(end.Tenant, field + ".tenant", mayBeEmpty: true), address.ToString(), port);
    }

    private static string Service(uint protocol, uint port) => (byte)protocol switch
    {
        Tcp => $"tcp/{port}",
        Udp => $"udp/{port}",
        Sctp => $"sctp/{port}",
        Icmp => $"icmp/{port >> 8}/{port & 0xff}",
        Icmp6 => $"icmp6/{port >> 8}/{port & 0xff}",
        _ => $"proto/{protocol}",
    };

    private static DateTimeOffset Time(long unixMs, string field)
    {
        Expect.That(unixMs is >= 0 and <= LastUnixMs, field, $"{unixMs} is no instant");
        return DateTimeOffset.FromUnixTimeMilliseconds(unixMs);
    }

    private static long Count(ulong value, string field)
    {
        Expect.That(value <= long.MaxValue, field, $"{value} is too many");
        return (long)value;
    }

    private static string? Rule(string text, string field)
    {
        // tenant/policy/rule@revision: three names and a number.
        Expect.That(text.Length <= 3 * Limits.NameLength + 32, field, "is too long");
        foreach (var c in text) Expect.That(!char.IsControl(c), field, "holds a control character");
        return OrNull(text);
    }

    private static string OneOf(string text, string[] known, string field)
    {
        Expect.That(known.Contains(text), field, "is none of " + string.Join(", ", known.Where(k => k.Length > 0)));
        return text;
    }

    private static string? OrNull(string text) => text.Length == 0 ? null : text;
}
