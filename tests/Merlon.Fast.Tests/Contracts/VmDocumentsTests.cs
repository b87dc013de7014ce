using System.IO.Compression;
using Google.Protobuf;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Fast.Tests.Agent;
using Xunit;

namespace Merlon.Fast.Tests.Contracts;

/// <summary>The text in a VM's metadata is written by whoever may edit its XML: only what a trusted signer made counts, whole and for this VM.</summary>
public sealed class VmDocumentsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-signer").FullName;
    private readonly PolicySigner _signer;
    private readonly VmDocument _document;

    public VmDocumentsTests()
    {
        _signer = PolicySigner.EnsureAt(_folder);
        _document = new(_signer.Installation, Samples.Key(1).VmUuid, 9, Samples.Policy(9, Samples.Endpoint(1, "10.8.0.1")));
    }

    public void Dispose()
    {
        _signer.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void What_was_signed_comes_back_as_it_went()
    {
        var back = Verify(VmDocuments.FromText(VmDocuments.ToText(Signed())!));
        Assert.Equivalent(_document, back, strict: true);
        Assert.Equivalent(_document, Verify(VmDocuments.FromText("\n  " + VmDocuments.ToText(Signed())!.Insert(20, "\n\t ") + "\n")), strict: true);
    }

    [Fact]
    public void Not_one_bit_of_it_may_change()
    {
        var signed = Signed();
        for (var bit = 0; bit < signed.Length * 8; bit++)
        {
            var altered = (byte[])signed.Clone();
            altered[bit / 8] ^= (byte)(1 << bit % 8);
            try
            {
                // A change that says the same (an unknown field added to the envelope, say) may pass; one of what is said may not.
                Assert.Equivalent(_document, Verify(altered), strict: true);
            }
            catch (ContractException e)
            {
                Assert.Contains(':', e.Message);
            }
        }
    }

    [Fact]
    public void An_untrusted_signer_is_named_and_nothing_of_it_is_read()
    {
        using var nobody = TrustList.Read(Path.Combine(_folder, "none"));
        Assert.Equal($"signer: {Convert.ToHexStringLower(_signer.Id)} is not trusted on this host", Refusal(() => VmDocuments.Verify(Signed(), nobody)));
        var forged = SignedVmPolicy.Parser.ParseFrom(Signed());
        var other = Directory.CreateTempSubdirectory("merlon-forger").FullName;
        using (var forger = PolicySigner.EnsureAt(other)) forged.Signature = ByteString.CopyFrom(forger.Sign(forged.Content.Span));
        Directory.Delete(other, recursive: true);
        Assert.Equal("signature: is not that of its signer: it was altered", Refusal(() => Verify(forged.ToByteArray())));
        Assert.StartsWith("signer: ", Refusal(() => Verify([])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_trusted_signer_may_say_no_more_than_one_VM_not_on_trial()
    {
        Assert.Equal("policy.nics: guards another VM", Refusal(() => Verify(VmDocuments.Sign(_document with { VmUuid = Samples.Key(2).VmUuid }, _signer))));
        Assert.Equal("policy: is on trial", Refusal(() => Verify(VmDocuments.Sign(_document with { Policy = _document.Policy with { Trial = new(9, _document.Policy) } }, _signer))));
        Assert.Equal("policy.nics: 0 interfaces", Refusal(() => Verify(VmDocuments.Sign(_document with { Policy = Merlon.Policy.Resolve.HostPolicy.Empty }, _signer))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64 !")]
    [InlineData("AAAA")]
    [InlineData("////")]
    public void A_text_that_is_none_is_refused(string text) => Assert.Contains("document: ", Refusal(() => VmDocuments.FromText(text)), StringComparison.Ordinal);

    [Fact]
    public void Neither_a_long_text_nor_one_that_unpacks_to_much_takes_memory()
    {
        var bomb = new byte[64 << 20];
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(bomb.Length)];
        Assert.True(BrotliEncoder.TryCompress(bomb, packed, out var length, 9, 22) && length < VmDocuments.MostBytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal("document: is larger than 16 MiB", Refusal(() => VmDocuments.FromText(Convert.ToBase64String(packed.AsSpan(0, length)))));
        Assert.StartsWith("document: has more than", Refusal(() => VmDocuments.FromText(new string('A', VmDocuments.MostCharacters + 1))), StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 48 << 20);
        var noise = new byte[VmDocuments.MostBytes + 1024];
        new Random(1).NextBytes(noise);
        Assert.Null(VmDocuments.ToText(noise));
    }

    [Fact]
    public void After_a_rotation_old_documents_count_until_the_old_key_is_removed()
    {
        var old = Signed();
        PolicySigner.Rotate(_folder);
        using var next = PolicySigner.EnsureAt(_folder);
        Assert.Equal((_signer.Installation, false), (next.Installation, next.Id.AsSpan().SequenceEqual(_signer.Id)));
        Assert.Equal(9ul, Verify(old).Sequence);
        Assert.Equal(9ul, Verify(VmDocuments.Sign(_document, next)).Sequence);
        File.Delete(Path.Combine(_folder, $"policy-{Convert.ToHexStringLower(_signer.Id)}.pub"));
        Assert.StartsWith("signer: ", Refusal(() => Verify(old)), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "policy.key")));
    }

    [Fact]
    public void A_file_that_is_no_key_trusts_nobody_and_is_told()
    {
        File.WriteAllText(Path.Combine(_folder, "junk.pub"), "nothing");
        using var list = TrustList.Read(_folder);
        Assert.Equal((1, 1), (list.Count, list.Unreadable.Count));
    }

    private byte[] Signed() => VmDocuments.Sign(_document, _signer);

    private VmDocument Verify(byte[] signed)
    {
        using var trusted = TrustList.Read(_folder);
        return VmDocuments.Verify(signed, trusted);
    }

    private static string Refusal(Func<object> work) => Assert.Throws<ContractException>(work).Message;
}
