using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.BadInput;

/// <summary>Pins that another version left are neither misread nor thrown away: the agent refuses with the mend, and the kernel goes
/// on filtering.</summary>
[Collection(GuardedPairCollection.Name)]
public sealed class StaleAbiTests(GuardedPair pair) : IDisposable
{
    private const int AbiInMarker = 0, AbiInControl = 12;

    private string Bpf => pair.Product.Paths.Bpf;

    [Fact]
    public void Pins_of_another_ABI_are_refused_until_they_are_right_again()
    {
        Product.Kill9(pair.Product.Agent);
        var before = pair.InKernel();
        foreach (var (file, offset) in new[] { ("marker", AbiInMarker), ("maps/control", AbiInControl) })
        {
            foreach (var abi in new[] { 0u, AbiLimits.Version + 1 })
                new PinnedMap(Path.Combine(Bpf, file)).WithWord(offset, abi, () => Refused($"are of ABI {abi} ", before));
        }
        pair.Recover(); // the control
        Assert.Equal(before, pair.InKernel());
    }

    [Fact]
    public void Attached_interfaces_without_a_version_are_refused()
    {
        Product.Kill9(pair.Product.Agent);
        var before = pair.InKernel();
        new PinnedMap(Path.Combine(Bpf, "marker")).Away(() => Refused("has links but no version marker", before));
        pair.Recover();
        Assert.Equal(before, pair.InKernel());
    }

    public void Dispose() => pair.Recover();

    private void Refused(string words, (uint, string) before)
    {
        var said = BrokenMachine.Run(BrokenMachine.NotBroken, pair.AgentCommand(pair.Product.Paths.Instance));
        Assert.Equal(1, said.Code);
        var line = Assert.Single(said.Error.TrimEnd('\n').Split('\n'));
        Assert.Contains(words, line, StringComparison.Ordinal);
        Assert.Contains("[stale-abi]; drain this host's VMs, then 'merlon-agent remove'", line, StringComparison.Ordinal);
        Assert.Equal(before, pair.InKernel());
    }
}
