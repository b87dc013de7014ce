using System.Globalization;

namespace Merlon.Policy.Resolve;

/// <summary>Everything that an approval of a vNIC's connections rests on: under another stamp they are judged again.</summary>
/// <param name="Rules">Digest of its rulesets.</param>
/// <param name="Place">Its place and its Guard.</param>
public readonly record struct NicStamp(string Rules, string Place)
{
    public static NicStamp Of(PolicyEndpoint endpoint, PolicyNic nic, string rulesetDigest)
    {
        var g = nic.Guard;
        return new(rulesetDigest, string.Create(CultureInfo.InvariantCulture,
            $"{endpoint.Realm}|{nic.Segment}|{nic.Mac} {g.Name}|{g.Out}|{g.In}|{(int)g.Mode}|{(int)g.Log}{(g.Frames.IsTrunk ? "|trunk" : "")}{(g.Untracked.IsNone ? "" : $"|{g.Untracked}")}{(g.AntiSpoof.Licence.IsNone ? "" : $"|may claim {g.AntiSpoof.Licence}")}"));
    }

    // A digest holds no space.
    public static NicStamp Parse(string text) => text.Split(' ', 2) is [var rules, var place] ? new(rules, place) : new(text, "");

    public override string ToString() => $"{Rules} {Place}";
}
