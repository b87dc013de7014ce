using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Kernel.Tests.Attacks;

/// <summary>One attack: frames that must have no success, and must be counted under one reason.</summary>
/// <param name="Control">What has to be switched off for it to succeed.</param>
/// <param name="MayArrive">How many frames the victims get all the same: what no filter can tell from the truth, or what opens the attack.</param>
public sealed record AttackRow(string Name, Control Control, Reason Reason, Func<Attack, IEnumerable<(Guest By, byte[] Frame)>> Shots, Func<Attack, int> MayArrive)
{
    public override string ToString() => Name;
}

/// <summary>The ways to make attacks succeed, so that each is seen to.</summary>
public enum Control
{
    /// <summary>A program that checks no windows.</summary>
    Windows,

    /// <summary>A program that reads headers, fragments and tags credulously.</summary>
    Headers,

    /// <summary>The port record of the attacker asks for nothing.</summary>
    AntiSpoof,
}
