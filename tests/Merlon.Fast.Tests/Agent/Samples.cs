using System.Collections.Immutable;
using Merlon.Agent.Sync;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Fast.Tests.Agent;

/// <summary>Small policies and images, made by hand.</summary>
internal static class Samples
{
    public static NicKey Key(int vm) => new($"00000000-0000-4000-8000-{vm:d12}", 0);

    public static PolicyEndpoint Endpoint(int vm, params string[] addresses) =>
        new(Key(vm), $"vm-{vm}", "shop", "default", [.. addresses.Select(Address.Parse)]);

    /// <summary>Guards every endpoint given, on one segment.</summary>
    public static HostPolicy Policy(ulong sequence, params PolicyEndpoint[] endpoints) => new(
        sequence, [.. endpoints],
        [.. endpoints.Select((e, i) => new PolicyNic(i, new MacAddress(0x525400000000 + (ulong)i), "br0", NicGuard.Default, 0, 1))],
        [], [new(Direction.Out, [], RuleAction.Deny), new(Direction.In, [], RuleAction.Deny)]);

    public static HostImage Image(HostPolicy policy, string digest, params string[] rules) => new(
        new([1, 2, 3]), [.. policy.Nics.Select(n => new ImageNic(policy.Endpoints[n.Endpoint].Key, digest))],
        [.. rules.Select(r => new RuleRef("shop", "p", r, 1))], new(1, 1, 1, 1, 1, 0, 1, 1, 1, rules.Length, 3))
    {
        Realms = ["default"],
    };

    public static HostPlan Plan(HostBook book, HostPolicy policy, string digest, params string[] rules) => Plan(0, null, book, policy, digest, rules);

    public static HostPlan Plan(long at, ConnectionStep? step, HostBook book, HostPolicy policy, string digest, params string[] rules) =>
        Planner.Plan(book, ClaimCourt.Settle(policy, book.Owners), Image(policy, digest, rules), at, step);

    public static ImmutableDictionary<string, BookOwner> NoOwners { get; } = ImmutableDictionary<string, BookOwner>.Empty;
}
