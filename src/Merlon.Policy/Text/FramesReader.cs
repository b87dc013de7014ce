using System.Collections.Immutable;
using System.Globalization;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>Reads <c>vlans</c> and <c>etherTypes</c> of a Guard.</summary>
internal sealed class FramesReader(Findings findings)
{
    public OtherFrames Read(Fields spec) => spec.Has("vlans") || spec.Has("etherTypes") ? new(Vlans(spec), EtherTypes(spec)) : OtherFrames.None;

    private ImmutableArray<VlanRange> Vlans(Fields spec)
    {
        var ranges = new List<VlanRange>();
        foreach (var node in spec.List("vlans"))
        {
            if (spec.TextOf(node, "an entry of 'vlans'") is not { } text) continue;
            if (VlanRange.TryParse(text, out var range)) ranges.Add(range);
            else findings.Error("bad-value", node.At, $"'{text}' is no VLAN from 1 to 4094, nor a range of them", "10 or 20-29");
        }
        return Few([.. Merged(ranges)], OtherFrames.MostVlans, "vlans", "ranges", spec);
    }

    // Ascending, and none that touches the next.
    private static List<VlanRange> Merged(List<VlanRange> ranges)
    {
        var merged = new List<VlanRange>();
        foreach (var range in ranges.OrderBy(r => r.Low))
            if (merged.Count > 0 && range.Low <= merged[^1].High + 1) merged[^1] = merged[^1] with { High = Math.Max(merged[^1].High, range.High) };
            else merged.Add(range);
        return merged;
    }

    private ImmutableArray<int> EtherTypes(Fields spec)
    {
        var types = new SortedSet<int>();
        foreach (var node in spec.List("etherTypes"))
        {
            if (spec.TextOf(node, "an entry of 'etherTypes'") is not { } text) continue;
            if (!text.StartsWith("0x", StringComparison.Ordinal) || !int.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var type) || type is < 0x600 or > 0xffff)
                findings.Error("bad-value", node.At, $"'{text}' is no EtherType from 0x0600 to 0xffff", "0x88cc");
            else if (!OtherFrames.MayList(type))
                findings.Error("bad-value", node.At, $"EtherType {text} cannot pass unread: IPv4, IPv6 and ARP are judged, tagged frames inside their tag", "'vlans' lists VLANs");
            else types.Add(type);
        }
        return Few([.. types], OtherFrames.MostEtherTypes, "etherTypes", "types", spec);
    }

    private ImmutableArray<T> Few<T>(ImmutableArray<T> all, int most, string name, string what, Fields spec)
    {
        if (all.Length > most) findings.Error("out-of-range", spec.Place(name), $"'{name}' of a Guard's spec has {all.Length} {what}, more than {most}");
        return all;
    }
}
