using System.Security.Cryptography;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Policy.Compile;

namespace Merlon.Agent.Migration;

/// <summary>What a VM's metadata holds of urn:merlon:policy:1, read once.</summary>
/// <param name="Document">Null = it does not count.</param>
/// <param name="Refused">Why not; null = it counts.</param>
/// <param name="Digests">Ruleset digest by interface index, compiled from the document.</param>
/// <param name="NextChange">When the digests are others, in Unix seconds: a rule's interval begins or ends. Null = never.</param>
/// <param name="Content">Of what it says, whatever its sequence, and of who signed it.</param>
internal sealed record PolicyInside(VmDocument? Document, byte[] Signed, string? Refused, IReadOnlyDictionary<int, string> Digests, long? NextChange, string Content)
{
    private static readonly Dictionary<int, string> s_none = [];

    /// <param name="at">Unix seconds.</param>
    public static PolicyInside Read(string text, string vmUuid, TrustList trusted, long at)
    {
        try
        {
            var signed = VmDocuments.FromText(text);
            var document = VmDocuments.Verify(signed, trusted);
            if (document.VmUuid != vmUuid) return Not($"it is the policy of VM {document.VmUuid} (a clone?)");
            var image = ImageCompiler.Compile(document.Policy, at).Image;
            return new(document, signed, null, image?.Nics.ToDictionary(n => n.Key.Index, n => n.RulesetDigest) ?? s_none,
                document.Policy.NextChange(at), ContentOf(document, signed));
        }
        catch (ContractException e)
        {
            return Not(e.Message);
        }
    }

    private static PolicyInside Not(string why) => new(null, [], why, s_none, null, "");

    public static string ContentOf(VmDocument document, byte[] signed) => Convert.ToHexStringLower(SHA256.HashData(
        [.. SignedVmPolicy.Parser.ParseFrom(signed).Key.Span, .. VmDocuments.WithoutSequence(document.Policy)]));
}
