namespace Merlon.Policy.Resolve;

/// <summary>A policy on trial. Whoever confirms it sends it anew without this.</summary>
/// <param name="ConfirmBy">Unix seconds: from then on <paramref name="Fallback"/> is in force.</param>
/// <param name="Fallback">What was in force before, for the VMs of now; not on trial itself, of the same sequence.</param>
public sealed record Trial(long ConfirmBy, HostPolicy Fallback);
