using System.IO.Compression;
using Google.Protobuf;
using Merlon.Contracts.Pki;
using Merlon.Policy.Resolve;

namespace Merlon.Contracts.Wire;

/// <summary>VmDocument ↔ signed bytes ↔ the text of a VM's metadata. Whoever may edit a VM's XML wrote that text: everything is bounded before
/// memory is spent on it, and nothing is read before the signature was.</summary>
public static class VmDocuments
{
    /// <summary>Of the compressed document; a VM whose policy is larger cannot take it along.</summary>
    public const int MostBytes = 256 << 10;

    /// <summary>Of the same, unpacked.</summary>
    public const int MostUnpacked = 16 << 20;

    /// <summary>Of its text: base64, and white space that a person's editor may have put in.</summary>
    public const int MostCharacters = 2 * MostBytes;

    private const int Quality = 9, Window = 22;

    public static byte[] Sign(VmDocument document, PolicySigner signer)
    {
        var content = new VmPolicyMessage
        {
            Installation = document.Installation,
            VmUuid = document.VmUuid,
            Sequence = document.Sequence,
            Policy = HostPolicyMessages.ToMessage(document.Policy),
        }.ToByteArray();
        return new SignedVmPolicy
        {
            Content = UnsafeByteOperations.UnsafeWrap(content),
            Key = ByteString.CopyFrom(signer.Id),
            Signature = ByteString.CopyFrom(signer.Sign(content)),
        }.ToByteArray();
    }

    /// <summary>All that a policy says, whatever its sequence: equal where nothing else differs.</summary>
    public static byte[] WithoutSequence(HostPolicy policy) => HostPolicyMessages.ToMessage(policy with { Sequence = 0 }).ToByteArray();

    /// <summary>The document, if a signer of the list made it and it says nothing but what such a document may; else throws
    /// <see cref="ContractException"/>, with the reason for an operator.</summary>
    public static VmDocument Verify(ReadOnlySpan<byte> signed, TrustList trusted)
    {
        try
        {
            var outer = SignedVmPolicy.Parser.ParseFrom(signed);
            if (trusted.Find(outer.Key.Span) is not { } signer)
                throw Expect.Broken("signer", $"{Convert.ToHexStringLower(outer.Key.Span[..Math.Min(8, outer.Key.Length)])} is not trusted on this host");
            if (!signer.Verify(outer.Content.Span, outer.Signature.Span)) throw Expect.Broken("signature", "is not that of its signer: it was altered");
            return Read(VmPolicyMessage.Parser.ParseFrom(outer.Content));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Expect.Broken("document", $"cannot be read: {e.Message}");
        }
    }

    /// <summary>What a document says, whoever signed it: to know which interfaces it speaks of, and to believe nothing else of it. Throws
    /// <see cref="ContractException"/>.</summary>
    public static VmDocument Unverified(ReadOnlySpan<byte> signed)
    {
        try
        {
            return Read(VmPolicyMessage.Parser.ParseFrom(SignedVmPolicy.Parser.ParseFrom(signed).Content));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Expect.Broken("document", $"cannot be read: {e.Message}");
        }
    }

    /// <summary>Null when it is larger than <see cref="MostBytes"/>, or than <see cref="MostUnpacked"/> before.</summary>
    public static string? ToText(ReadOnlySpan<byte> signed)
    {
        if (signed.Length > MostUnpacked) return null;
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(signed.Length)];
        if (!BrotliEncoder.TryCompress(signed, packed, out var length, Quality, Window)) throw new InvalidOperationException("Brotli needs more than it said");
        return length <= MostBytes ? Convert.ToBase64String(packed.AsSpan(0, length)) : null;
    }

    /// <summary>Throws <see cref="ContractException"/>.</summary>
    public static byte[] FromText(string text)
    {
        Expect.That(text.Length <= MostCharacters, "document", $"has more than {MostCharacters} characters");
        var packed = new byte[text.Length];
        Expect.That(Convert.TryFromBase64String(text, packed, out var length) && length <= MostBytes, "document", "is no base64, or too long");
        using var decoder = new BrotliDecoder();
        var signed = new byte[64 << 10];
        for (int read = 0, written = 0; ; signed = Larger(signed))
        {
            var state = decoder.Decompress(packed.AsSpan(read, length - read), signed.AsSpan(written), out var consumed, out var more);
            (read, written) = (read + consumed, written + more);
            if (state == System.Buffers.OperationStatus.Done && read == length) return signed[..written];
            Expect.That(state == System.Buffers.OperationStatus.DestinationTooSmall, "document", "is not packed as it must be");
        }
    }

    private static byte[] Larger(byte[] signed)
    {
        Expect.That(signed.Length < MostUnpacked, "document", $"is larger than {MostUnpacked >> 20} MiB");
        Array.Resize(ref signed, Math.Min(MostUnpacked, signed.Length * 4));
        return signed;
    }

    // A trusted signer may have a bug, or be another version.
    private static VmDocument Read(VmPolicyMessage message)
    {
        Expect.Uuid(message.VmUuid, "vm_uuid");
        Expect.Name(message.Installation, "installation");
        var policy = HostPolicyMessages.FromMessage(message.Policy ?? throw Expect.Broken("policy", "is missing"));
        Expect.That(policy.Trial is null, "policy", "is on trial");
        Expect.That(policy.Nics.Length is > 0 and <= Limits.NicsOfVm, "policy.nics", $"{policy.Nics.Length} interfaces");
        Expect.That(policy.Nics.All(n => policy.Endpoints[n.Endpoint].Key.VmUuid == message.VmUuid), "policy.nics", "guards another VM");
        return new(message.Installation, message.VmUuid, message.Sequence, policy);
    }
}
