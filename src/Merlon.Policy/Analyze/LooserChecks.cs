using System.Collections.Immutable;
using System.Globalization;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>What a change lets pass that no rule is asked about: antiSpoof checks and unread frames of vNICs that are guarded before and after.
/// vNICs that are guarded no more are the semantic diff's.</summary>
public static class LooserChecks
{
    private static readonly (string Name, Func<AntiSpoof, SpoofCheck> Of)[] s_checks =
    [
        ("mac", a => a.Mac), ("ipv4", a => a.Ipv4), ("ipv6", a => a.Ipv6), ("arp", a => a.Arp), ("nd", a => a.Nd), ("dhcpServer", a => a.DhcpServer), ("ra", a => a.Ra),
    ];

    /// <summary>In order of check, then of what it was and is.</summary>
    public static ImmutableArray<LooserCheck> Of(Revision before, Revision after)
    {
        var (was, willBe) = (GuardBindings.Of(before.Policy, before.Vms), GuardBindings.Of(after.Policy, after.Vms));
        return
        [
            .. after.Vms.Nics.SelectMany(n => Looser(Asked(before, was.GetValueOrDefault(n.Key)), Asked(after, willBe.GetValueOrDefault(n.Key))).Select(c => (Check: c, Vm: n.Vm.Name)))
                .GroupBy(c => c.Check, c => c.Vm).Select(g => new LooserCheck(g.Key.Name, g.Key.Before, g.Key.After, [.. g.Distinct().Order(StringComparer.Ordinal)]))
                .OrderBy(c => c.Check, StringComparer.Ordinal).ThenBy(c => c.Before, StringComparer.Ordinal).ThenBy(c => c.After, StringComparer.Ordinal),
        ];
    }

    /// <summary>Null = not guarded.</summary>
    private static (AntiSpoof Spoof, ImmutableArray<int> EtherTypes)? Asked(Revision revision, GuardDocument? guard) =>
        revision.Policy.GuardsAll ? (AntiSpoof.Default, []) : guard is null or { Exclude: true } ? null : (guard.AntiSpoof, guard.Frames.EtherTypes);

    private static IEnumerable<(string Name, string Before, string After)> Looser((AntiSpoof Spoof, ImmutableArray<int> EtherTypes)? before, (AntiSpoof Spoof, ImmutableArray<int> EtherTypes)? after)
    {
        if (before is not { } was || after is not { } willBe) yield break;
        foreach (var (name, of) in s_checks)
            if (of(willBe.Spoof) < of(was.Spoof)) yield return ($"antiSpoof.{name}", Word(of(was.Spoof)), Word(of(willBe.Spoof)));
        var (had, has) = (was.Spoof.Licence, willBe.Spoof.Licence);
        if (has.Addresses.Any(a => !had.Addresses.Any(p => p.Contains(a)))) yield return ("antiSpoof.addresses", List(had.Addresses), List(has.Addresses));
        if (has.Macs.Except(had.Macs).Any()) yield return ("antiSpoof.macs", List(had.Macs), List(has.Macs));
        if (willBe.EtherTypes.Except(was.EtherTypes).Any()) yield return ("etherTypes", List(was.EtherTypes.Select(Hex)), List(willBe.EtherTypes.Select(Hex)));
    }

    private static string Word(SpoofCheck check) => Words.Of(Words.SpoofChecks, check);

    private static string Hex(int type) => string.Create(CultureInfo.InvariantCulture, $"0x{type:x4}");

    private static string List<T>(IEnumerable<T> all) => string.Join(", ", all) is { Length: > 0 } text ? text : "none";
}
