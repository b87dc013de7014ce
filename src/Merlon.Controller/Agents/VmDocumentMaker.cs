using Google.Protobuf;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Policy.Resolve;

namespace Merlon.Controller.Agents;

/// <summary>The documents that the VMs of one host take along, for one session: of each VM only when it says something new.</summary>
internal sealed class VmDocumentMaker(PolicySigner signer)
{
    private readonly Dictionary<string, ByteString> _sent = [];

    /// <summary>Signed. A policy on trial makes none: what is not confirmed does not travel.</summary>
    public IEnumerable<byte[]> News(HostPolicyMessage message)
    {
        if (message.Fallback is not null) yield break;
        var policy = HostPolicyMessages.FromMessage(message);
        foreach (var vm in policy.Nics.Select(n => policy.Endpoints[n.Endpoint].Key.VmUuid).Distinct())
        {
            var own = VmPolicy.Of(policy, vm)!;
            var content = HostPolicyMessages.ToMessage(own with { Sequence = 0 }).ToByteString();
            if (_sent.GetValueOrDefault(vm) == content) continue;
            _sent[vm] = content;
            yield return VmDocuments.Sign(new(signer.Installation, vm, policy.Sequence, own), signer);
        }
    }
}
