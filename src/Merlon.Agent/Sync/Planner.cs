using System.Collections.Immutable;
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
    /// <param name="inForce">The plan before, of this book; null = none.</param>
    /// <param name="terms">Null = nothing that ran before is taken in.</param>
    public static HostPlan Plan(HostBook book, SettledClaims claims, HostImage image, long at, ConnectionStep? step = null, HostPlan? inForce = null, AdoptionTerms? terms = null)
    {
        var policy = claims.Policy;
        var counters = new Numbering(book, at, step, Losers(book, claims), terms ?? AdoptionTerms.None);
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
        var rules = counters.Rules(image.Rules, inForce);
        var next = counters.Book(nics, claims.Owners, policy.Sequence);
        return new(policy.Sequence, image, nics.ToImmutable(), rules, claims.Refused, next);
    }

    // What was approved of a source that is no longer the vNIC's own must be asked again.
    private static HashSet<NicKey> Losers(HostBook book, SettledClaims claims) =>
        [.. book.Owners.Where(o => claims.Owners.GetValueOrDefault(o.Key) != o.Value).Select(o => new NicKey(o.Value.VmUuid, o.Value.Index))];
}
