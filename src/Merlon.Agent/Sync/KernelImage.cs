namespace Merlon.Agent.Sync;

/// <summary>Read back from the kernel.</summary>
/// <param name="Digest">SHA-256 of the pure image's words, as <c>HostImage.Digest</c>.</param>
/// <param name="Bind">Bind words by slot.</param>
internal sealed record KernelImage(uint Generation, string Digest, ulong[] Bind, uint[] RuleIds);
