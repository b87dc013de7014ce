using System.Collections.Immutable;
using System.Globalization;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Sync;

/// <summary>Ties a compiled policy to this host's numbers. Pure: the book in, the plan with the next book out. A vNIC keeps
/// its epoch as long as what judges it stays the same, so an apply of one tenant re-judges no entry of another.</summary>
internal static class Planner
{
    /// <param name="at">Unix seconds.</param>
    /// <param name="step">What becomes of live connections that the plan forbids; null = they are cut.</param>
    /// <param name="terms">Null = nothing that ran before is taken in.</param>
    public static HostPlan Plan(HostBook book, SettledClaims claims, HostImage image, long at, ConnectionStep? step = null, AdoptionTerms? terms = null)
    {
        var policy = claims.Policy;
        var counters = new Numbering(book, at, step, terms ?? AdoptionTerms.None);
        var old = book.Nics.ToDictionary(n => new NicKey(n.VmUuid, n.Index));
        var places = policy.Nics.ToDictionary(n => policy.Endpoints[n.Endpoint].Key);
        var realms = image.Realms.Select((name, i) => (name, i)).ToDictionary(r => r.name, r => checked((ushort)r.i));
        var nics = ImmutableArray.CreateBuilder<NicPlan>(image.Nics.Length);
        for (var record = 0; record < image.Nics.Length; record++)
        {
            var key = image.Nics[record].Key;
            var nic = places.GetValueOrDefault(key) ?? throw new PolicyRefused($"the image names {key}, which the policy does not guard");
            nics.Add(counters.Number(old.GetValueOrDefault(key), policy.Endpoints[nic.Endpoint], nic,
                realms[policy.Endpoints[nic.Endpoint].Realm], record, image.Nics[record]));
        }
        var rules = counters.Rules(image.Rules);
        var next = counters.Book(nics, claims.Owners, policy.Sequence);
        return new(policy.Sequence, image, nics.ToImmutable(), rules, claims.Refused, next);
    }

    /// <summary>Everything an epoch approves: another stamp means that entries must be judged again.</summary>
    public static string Stamp(PolicyEndpoint endpoint, PolicyNic nic, string rulesetDigest)
    {
        var g = nic.Guard;
        return string.Create(CultureInfo.InvariantCulture,
            $"{rulesetDigest} {endpoint.Realm}|{nic.Segment}|{nic.Mac} {g.Name}|{g.Out}|{g.In}|{(int)g.Mode}|{(int)g.Log}{(g.Frames.IsTrunk ? "|trunk" : "")}{(g.Untracked.IsNone ? "" : $"|{g.Untracked}")}");
    }

    /// <summary>Place and guard of two stamps are the same.</summary>
    public static bool DiffersInRulesAlone(string stamp, string other) => Place(stamp).SequenceEqual(Place(other));

    // A digest holds no space.
    private static ReadOnlySpan<char> Place(string stamp) => stamp.AsSpan(stamp.IndexOf(' ', StringComparison.Ordinal));
}
