namespace Merlon.Hosts.Tests.BadInput;

/// <summary>What stands before and after an attempt; equal = nothing was half applied.</summary>
public sealed record Standing(string Revisions, string Documents, ulong Sequence, uint Generation, string Delivered);
