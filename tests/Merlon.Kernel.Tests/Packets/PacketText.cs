using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>Reads one step of a row: <c>FROM &gt; TO KIND FIELDS… =&gt; VERDICT REASON [HOOK]</c> or <c>wait TIME [swept]</c>, <c>policy WORLD</c> or <c>leave VM</c>. The form is in
/// tests/cases/packets/README.md. Throws <see cref="FormatException"/>.</summary>
internal sealed class PacketText(Parties parties)
{
    private readonly KindText _kinds = new(parties);

    /// <param name="judged">The text ends in a verdict; without: a step of a beginning, which must be allowed.</param>
    public IEnumerable<PacketStep> Parse(string text, Position at, bool judged) => [.. Numbers.Expand(text).Select(one => Step(one, at, judged))];

    private PacketStep Step(string text, Position at, bool judged)
    {
        if (text.Split(' ') is ["wait", var time, .. var more])
            return more is [] or ["swept"] ? new(text, at, [], null, null, false, null) { Wait = Numbers.Time(time), Sweep = more is not [] } : throw new FormatException($"'{text}' is not wait TIME [swept]");
        if (text.Split(' ') is ["policy", var world]) return new(text, at, [], null, null, false, null) { Policy = world };
        if (text.Split(' ') is ["leave", var vm]) return new(text, at, [], null, null, false, null) { Leaver = Vm(vm) };
        var halves = text.Split("=>");
        if (halves.Length != (judged ? 2 : 1)) throw new FormatException(judged ? "'=> VERDICT REASON' is missing, or stands twice" : "a beginning states no verdict: it must be allowed");
        var (packet, edits, from, into) = Draft(halves[0].Trim());
        var frame = edits.Frame(packet);
        return new(text, at, frame, from, into, IsError(packet), judged ? Fate.Parse(halves[1]) : null);
    }

    private (Packet Packet, FrameEdits Edits, string? From, string? Into) Draft(string text)
    {
        byte[]? quoted = null;
        if (text.IndexOf(" about [", StringComparison.Ordinal) is >= 0 and var open)
        {
            var close = text.LastIndexOf(']');
            if (close < open) throw new FormatException("'about [' without its ']'");
            quoted = Quote(text[(open + 8)..close]);
            text = text[..open] + text[(close + 1)..];
        }
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 4 || words[1] != ">") throw new FormatException($"'{text}' is not FROM > TO KIND FIELDS");
        var (from, to) = (parties[words[0]], parties[words[2]]);
        var packet = new Packet(from.Address, to.Address) { SourceMac = from.Mac, DestinationMac = to.Mac, Body = quoted };
        var edits = new FrameEdits();
        var (leaves, enters) = (from.Vm, to.Vm);
        var rest = _kinds.Apply(words[3], words.AsSpan(4), ref packet, edits);
        foreach (var word in rest)
        {
            var (key, value) = word.IndexOf('=') is >= 0 and var equals ? (word[..equals], word[(equals + 1)..]) : (word, "");
            switch (key)
            {
                case "from": leaves = Vm(value); break;
                case "into": enters = Vm(value); break;
                default: packet = FieldText.Apply(packet, edits, parties, key, value); break;
            }
        }
        return (packet, edits, leaves, enters);
    }

    // What an ICMP error quotes: the IP packet, whole up to 60 bytes unless cut=N.
    private byte[] Quote(string text)
    {
        var (packet, edits, _, _) = Draft(text);
        var cut = edits.Cut ?? 60;
        edits.Cut = null;
        var ip = edits.Frame(packet)[14..];
        return ip[..Math.Min(ip.Length, cut)];
    }

    private string? Vm(string name) => name == "none" ? null : parties[name].Vm ?? throw new FormatException($"'{name}' is no VM, so it has no tap");

    private static bool IsError(Packet p) => p.Proto == Protocols.Icmp ? p.IcmpType is 3 or 4 or 5 or 11 or 12 : p.Proto == Protocols.Icmp6 && p.IcmpType < 128;
}
