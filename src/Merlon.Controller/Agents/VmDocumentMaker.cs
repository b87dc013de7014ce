using System.Security.Cryptography;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Policy.Resolve;

namespace Merlon.Controller.Agents;

/// <summary>The documents that the VMs of one host take along, for one session: of each VM only when it says something new.</summary>
/// <param name="byHand">Of a VM: libvirt does not know it, so nothing can be written into it.</param>
internal sealed class VmDocumentMaker(PolicySigner signer, Func<string, bool> byHand)
{
    private Dictionary<string, string> _sent = [];

    /// <summary>Signed. A policy on trial makes none: what is not confirmed does not travel.</summary>
    public IEnumerable<byte[]> News(HostPolicyMessage message)
    {
        if (message.Fallback is not null) yield break;
        var policy = HostPolicyMessages.FromMessage(message);
        var sent = new Dictionary<string, string>();
        foreach (var vm in policy.Nics.Select(n => policy.Endpoints[n.Endpoint].Key.VmUuid).Distinct().Where(vm => !byHand(vm)))
        {
            var own = VmPolicy.Of(policy, vm)!;
            sent[vm] = Convert.ToHexString(SHA256.HashData(VmDocuments.WithoutSequence(own)));
            if (_sent.GetValueOrDefault(vm) != sent[vm]) yield return VmDocuments.Sign(new(signer.Installation, vm, policy.Sequence, own), signer);
        }
        // Of a VM that left nothing is kept: it may come back with anything inside.
        _sent = sent;
    }
}
