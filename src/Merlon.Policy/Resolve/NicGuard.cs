using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>How one vNIC is guarded: the Guard that bound it, resolved.</summary>
/// <param name="Name">Name of the Guard document; empty for the implicit guard of offline tests.</param>
/// <param name="Out">Judge what the VM sends.</param>
/// <param name="In">Judge what the VM receives.</param>
/// <param name="MaxConnections">Budget of the VM; 0 = the agent's default.</param>
/// <param name="MaxHalfOpen">Budget of half-open connections of the VM; 0 = the agent's default.</param>
public sealed record NicGuard(
    string Name, bool Out, bool In, Enforcement Mode, OnFailure OnFailure, LogLevel Log, AntiSpoof AntiSpoof,
    int MaxConnections, int MaxHalfOpen, Rates Rates, OtherFrames Frames, bool ShortCut = true, bool CarryConnections = false)
{
    /// <summary>Both directions, enforce, closed, all antiSpoof checks on.</summary>
    public static NicGuard Default { get; } =
        new("", true, true, Enforcement.Enforce, OnFailure.Closed, LogLevel.All, AntiSpoof.Default, 0, 0, Rates.None, OtherFrames.None);

    /// <summary>What passes without a connection.</summary>
    public UntrackedPorts Untracked { get; init; } = UntrackedPorts.None;

    /// <summary>What its host is to tell the controller of; which of it counts, the controller decides.</summary>
    public LearnBy Learn { get; init; }

    /// <summary>Seconds, as in <see cref="GuardDocument"/>.</summary>
    public int Adopt { get; init; }
}
