using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Controller.Agents;
using Merlon.Fast.Tests.Agent;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>What the manager signs for the VMs of a host.</summary>
public sealed class VmDocumentMakerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-maker").FullName;
    private readonly PolicySigner _signer;
    private readonly VmDocumentMaker _maker;

    public VmDocumentMakerTests()
    {
        _signer = PolicySigner.EnsureAt(_folder);
        _maker = new(_signer, vm => vm.EndsWith("0009", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        _signer.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void One_for_each_VM_again_only_when_it_says_something_new()
    {
        Assert.Equal(["1@5", "2@5"], News(5, 1, 2));
        Assert.Empty(News(6, 1, 2));
        Assert.Equal(["3@7"], News(7, 1, 2, 3));
        Assert.Empty(News(8, 2, 3));
        Assert.Equal(["1@9"], News(9, 1, 2, 3)); // it came back, with whatever inside
    }

    [Fact]
    public void None_for_a_VM_that_libvirt_does_not_know() => Assert.Equal(["1@5"], News(5, 1, 9));

    [Fact]
    public void None_of_a_policy_on_trial()
    {
        var fallback = Policy(5, 1);
        Assert.Empty(_maker.News(HostPolicyMessages.ToMessage(Policy(5, 1, 2) with { Trial = new(1000, fallback) })));
        Assert.Equal(["1@6", "2@6"], News(6, 1, 2));
    }

    private IEnumerable<string> News(ulong sequence, params int[] vms)
    {
        using var trusted = TrustList.Read(_folder);
        foreach (var signed in _maker.News(HostPolicyMessages.ToMessage(Policy(sequence, vms))))
            yield return VmDocuments.Verify(signed, trusted) is var d ? $"{int.Parse(d.VmUuid.AsSpan()[^4..], null)}@{d.Sequence}" : "";
    }

    private static HostPolicy Policy(ulong sequence, params int[] vms)
    {
        var policy = Samples.Policy(sequence, [.. vms.Select(v => Samples.Endpoint(v, $"10.8.0.{v}"))]);
        return policy with { Nics = [.. policy.Nics.Select((n, i) => n with { Mac = new MacAddress(0x525400000000 + (ulong)vms[i]) })] };
    }
}
