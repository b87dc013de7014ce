namespace Merlon.Contracts.Api;

/// <summary>A capture that has ended: how many frames its file has, and how many found no room on the way.</summary>
public sealed record CaptureResult(string Vm, string File, long Packets, long Lost);
