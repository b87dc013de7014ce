namespace Merlon.Datapath.Maps;

/// <summary>The active image as it stands in the kernel.</summary>
/// <param name="Words">The pure words: the agent's three header words are zero again, as the compiler wrote them.</param>
/// <param name="Bind">One word per slot.</param>
public sealed record LoadedImage(uint Generation, ulong[] Words, ulong[] Bind, uint[] RuleIds)
{
    /// <summary>SHA-256 over the pure words, lower-case hex: equal to <c>HostImage.Digest</c> when the kernel holds that image.</summary>
    public string Digest =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes<ulong>(Words)));
}
