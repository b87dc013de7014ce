namespace Merlon.Contracts.Api;

/// <summary>The start gate's word on a VM that is about to start.</summary>
/// <param name="Start">Whether it may.</param>
/// <param name="Outcome">guarded, not-guarded, unguarded (onFailure: open), cannot-guard, unguardable.</param>
public sealed record GateAnswer(bool Start, string Outcome, string Message, string? Mend = null);

/// <summary>Whether libvirt calls the start gate.</summary>
/// <param name="Live">It did, on this connection to libvirt, and no interface passed it by since.</param>
/// <param name="Found">How that is known, or what is wrong.</param>
public sealed record StartGateRecord(bool Live, string Found);
