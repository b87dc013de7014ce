using System.Collections.Immutable;
using CsCheck;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Fast.Tests.Contracts;

/// <summary>Random HostPolicies that keep every law of the contract.</summary>
internal static class HostPolicyGen
{
    private static readonly Gen<string> Name = Gen.Char["abcdefghijklmnop-0123456789"].Array[1, 12].Select(c => new string(c));

    private static readonly Gen<Address> Address = Gen.OneOf(
        Gen.UInt.Select(u => new Address(u, AddressFamily.IPv4)),
        Gen.Select(Gen.ULong, Gen.ULong, (h, l) => new Address(new UInt128(h | 1UL << 61, l), AddressFamily.IPv6)));

    private static readonly Gen<Prefix> Prefix = Gen.Select(Address, Gen.Int[0, 128], (a, l) =>
    {
        var length = Math.Min(l, a.Width);
        return new Prefix(a with { Bits = global::Merlon.Policy.Model.Prefix.Mask(a.Bits, a.Width, length) }, length);
    });

    private static readonly Gen<ServiceMatch> Service =
        Gen.Select(Gen.Int[-1, 255], Gen.Int[0, 65535], Gen.Int[0, 65535], Gen.Int[0, 65535], Gen.Int[0, 65535], (p, a, b, c, d) =>
            new ServiceMatch(p, Math.Min(a, b), Math.Max(a, b), Math.Min(c, d), Math.Max(c, d)));

    private static readonly Gen<NicGuard> Guard =
        Gen.Select(Name, Gen.Bool, Gen.Enum<Enforcement>(), Gen.Enum<OnFailure>(), Gen.Enum<LogLevel>(), Gen.Enum<SpoofCheck>().Array[7], Gen.Int[0, 100000],
            (name, flag, mode, fail, log, s, budget) => new NicGuard(name, flag, !flag, mode, fail, log,
                new AntiSpoof(s[0], s[1], s[2], s[3], s[4], s[5], s[6]) { Licence = budget % 4 > 0 ? Licence.None : new([new(new((uint)budget << 8, AddressFamily.IPv4), 24), .. budget % 8 > 0 ? (Prefix[])[] : [new(new((UInt128)0xfd << 120, AddressFamily.IPv6), 16)]], budget % 3 > 0 ? [] : [new((ulong)budget + 1), new(0x5e00010a)]) }, budget, budget / 2, new(budget / 3, budget / 5, budget / 7), budget % 2 == 0 ? OtherFrames.None : new([new(1 + budget % 99, 100), new(200, 300 + budget % 3000)], [0x88cc, 0x9000 + budget % 200]), budget % 3 > 0, budget % 4 > 1)
            {
                Untracked = budget % 5 == 0 ? UntrackedPorts.None : flag ? new([], Ports(budget)) : new(Ports(budget), []),
                Learn = (LearnBy)(budget % 4),
                Adopt = budget % 601,
            });

    private static ImmutableArray<PortRange> Ports(int some) => some % 2 == 0 ? [] : [new(some % 99, 100), new(3260, 3260 + some % 60000)];

    private static readonly Gen<PolicyEndpoint> Endpoint =
        Gen.Select(Gen.Guid, Gen.Int[0, 3], Name, Name, Address.Array[0, 4], (id, index, vm, tenant, addresses) =>
            new PolicyEndpoint(new(id.ToString("D"), index), vm, tenant, "", [.. addresses.Distinct()]));

    /// <summary>One in two is on trial, one in two lets connections go on.</summary>
    public static readonly Gen<HostPolicy> Policy = Gen.Select(Untried, Untried, Gen.Long[1, 1L << 40], Gen.Bool, Gen.Bool, (policy, before, by, tried, goOn) =>
        (tried ? policy with { Trial = new(by, before with { Sequence = policy.Sequence }) } : policy) with
        {
            Connections = goOn && policy.Sequence > 0 ? new(policy.Sequence / 2, by % 2 == 0 ? by : null, ["shop", "rival"]) : null,
        });

    private static Gen<HostPolicy> Untried =>
        from sequence in Gen.ULong
        from endpoints in Endpoint.Array[1, 8].Select(e => e.DistinctBy(x => x.Key).OrderBy(x => x.Key).ToImmutableArray())
        from sets in Set(endpoints.Length).Array[0, 5]
        from outs in List(Direction.Out, sets.Length).Array[1, 3]
        from ins in List(Direction.In, sets.Length).Array[1, 3]
        from nics in Nic(endpoints.Length, outs.Length, ins.Length).Array[0, 6]
        select new HostPolicy(sequence, endpoints, [.. nics.DistinctBy(n => n.Endpoint).OrderBy(n => n.Endpoint)],
            [.. sets], [.. outs, .. ins]);

    private static Gen<ImmutableArray<int>> Indexes(int count) =>
        count == 0 ? Gen.Const(ImmutableArray<int>.Empty) : Gen.Int[0, count - 1].Array[0, 4].Select(i => i.Distinct().Order().ToImmutableArray());

    private static Gen<EndpointSet> Set(int endpoints) =>
        Gen.Select(Indexes(endpoints), Prefixes, Prefixes, Gen.Select(Gen.Int[0, endpoints - 1], Address, (e, a) => new EndpointAddress(e, a)).Array[0, 3],
            (e, p, h, x) => new EndpointSet(e, p, h, [.. x.Distinct().Order()]));

    private static readonly Gen<ImmutableArray<Prefix>> Prefixes =
        Prefix.Array[0, 5].Select(p => p.Distinct().Order().ToImmutableArray());

    private static Gen<PolicyNic> Nic(int endpoints, int outs, int ins) =>
        Gen.Select(Gen.Int[0, endpoints - 1], Gen.ULong[0, (1UL << 48) - 1], Name, Guard, Gen.Int[0, outs - 1], Gen.Int[0, ins - 1],
            (endpoint, mac, segment, guard, o, i) => new PolicyNic(endpoint, new(mac), segment, guard, o, outs + i));

    private static Gen<RuleList> List(Direction direction, int sets) =>
        Gen.Select(Rule(sets).Array[0, 6], Gen.Bool.Select(b => b ? RuleAction.Allow : RuleAction.Deny), (rules, fallback) =>
            new RuleList(direction, [.. rules.OrderBy(r => r.Tier)], fallback));

    private static Gen<ResolvedRule> Rule(int sets) =>
        from name in Name
        from revision in Gen.Long[0, long.MaxValue]
        from tier in Gen.Enum<Tier>()
        from action in Gen.Enum<RuleAction>()
        from flags in Gen.Bool.Array[4]
        from remotes in Indexes(sets)
        from locals in Indexes(sets)
        from services in Service.Array[1, 4]
        from active in Gen.Select(Gen.Long[0, 1L << 40], Gen.Long[1, 1L << 40], (f, l) => new Interval(f, f + l)).Array[0, 2]
        select new ResolvedRule(new("shop", name, name, revision), tier, action, flags[0], flags[0] ? [] : remotes,
            flags[1], flags[1] ? [] : locals, [.. services.Distinct().Order()], flags[2], flags[3], [.. active]);
}
