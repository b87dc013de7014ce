using Merlon.Policy.Compile;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>What a VM takes along judges it as its host did, wherever it is put.</summary>
public class VmPolicyTests
{
    [Fact]
    public void Alone_and_joined_to_the_others_every_VM_keeps_its_ruleset()
    {
        for (ulong seed = 1; seed <= 12; seed++)
        {
            var random = new RandomPolicy(seed);
            var whole = Resolver.Resolve(random.Set, random.Inventory, "", 7).Policy;
            var digests = Digests(whole);
            foreach (var vm in digests.Keys.Select(k => k.VmUuid).Distinct())
            {
                var own = VmPolicy.Of(whole, vm)!;
                Assert.True(own.Endpoints.Length <= whole.Endpoints.Length && own.RuleLists.Length <= 2 * own.Nics.Length);
                Assert.Equal(digests.Where(d => d.Key.VmUuid == vm), Digests(own));
                // The same words in the same place change nothing, and on a host that had not heard of it, it is there with the others.
                Assert.Equal(digests, Digests(VmPolicy.Join(whole, own)));
                var others = whole with { Nics = [.. whole.Nics.Where(n => whole.Endpoints[n.Endpoint].Key.VmUuid != vm)] };
                Assert.Equal(digests, Digests(VmPolicy.Join(others, own)));
                Assert.Equal(Digests(own), Digests(VmPolicy.Join(HostPolicy.Empty, own)));
            }
        }
    }

    [Fact]
    public void A_VM_that_nothing_guards_takes_nothing_along() => Assert.Null(VmPolicy.Of(HostPolicy.Empty, Guid.NewGuid().ToString("D")));

    [Fact]
    public void The_policy_before_a_trial_has_it_too()
    {
        var random = new RandomPolicy(3);
        var whole = Resolver.Resolve(random.Set, random.Inventory, "", 7).Policy;
        var vm = whole.Endpoints[whole.Nics[0].Endpoint].Key.VmUuid;
        var joined = VmPolicy.Join(HostPolicy.Empty with { Trial = new(100, HostPolicy.Empty) }, VmPolicy.Of(whole, vm)!);
        Assert.Equal(joined.At(1).Nics.Length, joined.At(200).Nics.Length);
        Assert.NotEmpty(joined.At(200).Nics);
    }

    private static Dictionary<Merlon.Policy.Model.NicKey, string> Digests(HostPolicy policy) =>
        ImageCompiler.Compile(policy, 0).Image!.Nics.OrderBy(n => n.Key).ToDictionary(n => n.Key, n => n.RulesetDigest);
}
