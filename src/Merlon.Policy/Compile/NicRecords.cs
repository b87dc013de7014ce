using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>The nic records: flags, own class, and the pair of rulesets by own address.</summary>
internal sealed class NicRecords(HostPolicy policy, RemoteClasses remotes, RulesetTable rulesets)
{
    /// <summary>Out and in ruleset of a vNIC, for its identity alone and for those own addresses that are judged otherwise.</summary>
    /// <param name="Problem">Why everything is denied to it; null = it is judged by its rules.</param>
    public sealed record Sides(int Class, (int Out, int In) Identity, SortedDictionary<Address, (int Class, int Out, int In)> Own, string? Problem);

    public Sides Of(PolicyNic nic)
    {
        var endpoint = policy.Endpoints[nic.Endpoint];
        var identity = remotes.Identity(nic.Endpoint);
        var fallback = Pair(nic, identity, endpoint.Vm);
        var own = new SortedDictionary<Address, (int Class, int Out, int In)>();
        foreach (var address in endpoint.Addresses)
        {
            var number = remotes.Own(nic.Endpoint, address);
            var pair = Pair(nic, number, endpoint.Vm);
            if (pair != fallback) own.Add(address, (number, pair.Out, pair.In));
        }
        // A VM's owner chooses its addresses: what is too much for its record costs that vNIC its traffic and nobody else anything.
        var locals = own.Values.Select(l => l.Class).Distinct().Count();
        if (locals <= ImageLimits.NicLocals) return new(identity, fallback, own, null);
        var nothing = rulesets.Nothing(nic.Guard.Log != LogLevel.Denies, endpoint.Vm);
        return new(identity, (nothing, nothing), [], FormattableString.Invariant(
            $"everything is denied to it: rules tell {locals} of its addresses apart, at most {ImageLimits.NicLocals} fit"));
    }

    /// <param name="untracked">Plane of the ports that pass without a connection.</param>
    public static ulong[] Words(PolicyNic nic, Sides sides, int untracked)
    {
        var words = new ulong[ImageLayout.NicWords];
        var locals = sides.Own.Values.Distinct().OrderBy(l => l.Class).ToArray();
        words[0] = Flags(nic.Guard) | (ulong)(uint)sides.Class << 32;
        words[1] = Pack(sides.Identity.Out, sides.Identity.In);
        words[2] = (ulong)locals.Length;
        for (var i = 0; i < locals.Length; i++)
        {
            words[3 + 2 * i] = (ulong)locals[i].Class;
            words[4 + 2 * i] = Pack(locals[i].Out, locals[i].In);
        }
        words[ImageLayout.NicUntracked] = (ulong)untracked;
        return words;
    }

    private (int Out, int In) Pair(PolicyNic nic, int localClass, string vm)
    {
        var log = nic.Guard.Log != LogLevel.Denies;
        return (rulesets.Of(nic.OutRules, localClass, log, $"what {vm} sends"), rulesets.Of(nic.InRules, localClass, log, $"what {vm} receives"));
    }

    private static uint Flags(NicGuard guard) =>
        (guard.Out ? ImageLayout.GuardOut : 0) | (guard.In ? ImageLayout.GuardIn : 0)
        | (guard.Untracked.IsNone ? 0 : ImageLayout.Untracked)
        | (guard.Mode == Enforcement.Observe ? ImageLayout.Observe : 0) | (guard.Log == LogLevel.All ? ImageLayout.LogAllow : 0);

    private static ulong Pack(int low, int high) => (uint)low | (ulong)(uint)high << 32;
}
