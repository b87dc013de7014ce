using System.Collections.Immutable;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Sync;

/// <summary>Gives each address of a realm to whoever claimed it first and takes it from every later claimant: a VM that writes
/// another's address into its metadata gains nothing. Held over the inventory before it is sent, and over every policy
/// before it is compiled.</summary>
internal static class ClaimCourt
{
    public static string Key(string realm, Address address) => $"{realm}|{address}";

    public static Verdict Hear(IEnumerable<AddressClaim> claims, ImmutableDictionary<string, BookOwner> known)
    {
        var owners = ImmutableDictionary.CreateBuilder<string, BookOwner>();
        var refused = ImmutableArray.CreateBuilder<RefusedClaim>();
        var lost = new HashSet<(NicKey, Address)>();
        foreach (var all in claims.GroupBy(c => (c.Realm, c.Address)).OrderBy(g => g.Key.Realm, StringComparer.Ordinal).ThenBy(g => g.Key.Address))
        {
            var key = Key(all.Key.Realm, all.Key.Address);
            var owner = First([.. all], known.GetValueOrDefault(key));
            owners[key] = new(owner.Nic.VmUuid, owner.Nic.Index);
            foreach (var claim in all.Where(c => c.Nic != owner.Nic))
            {
                refused.Add(new(claim.Realm, claim.Address.ToString(), owner.Vm, claim.Vm));
                lost.Add((claim.Nic, claim.Address));
            }
        }
        return new(owners.ToImmutable(), refused.ToImmutable(), lost);
    }

    /// <summary>The policy in which every address of a realm has one owner.</summary>
    public static SettledClaims Settle(HostPolicy policy, ImmutableDictionary<string, BookOwner> known)
    {
        var guarded = policy.Nics.Select(n => n.Endpoint).ToHashSet();
        var verdict = Hear(policy.Endpoints.SelectMany((e, i) => e.Addresses.Distinct()
            .Select(a => new AddressClaim(e.Realm, a, e.Key, e.Vm, guarded.Contains(i)))), known);
        if (verdict.Lost.Count > 0)
            policy = policy with
            {
                Endpoints = [.. policy.Endpoints.Select(e => e with { Addresses = [.. e.Addresses.Where(a => !verdict.Lost.Contains((e.Key, a)))] })],
            };
        return new(policy, verdict.Owners, verdict.Refused);
    }

    // Nobody on record: the guarded one, then the lower key, so that every agent that sees both at once agrees.
    private static AddressClaim First(List<AddressClaim> claims, BookOwner? known) =>
        claims.Find(c => known is not null && c.Nic == new NicKey(known.VmUuid, known.Index))
        ?? claims.OrderBy(c => c.Guarded ? 0 : 1).ThenBy(c => c.Nic).First();

    /// <summary>What the court found.</summary>
    /// <param name="Lost">Claims that do not count.</param>
    internal sealed record Verdict(
        ImmutableDictionary<string, BookOwner> Owners, ImmutableArray<RefusedClaim> Refused, HashSet<(NicKey Nic, Address Address)> Lost);
}
