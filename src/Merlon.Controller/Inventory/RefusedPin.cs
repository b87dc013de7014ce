using Merlon.Policy.Model;

namespace Merlon.Controller.Inventory;

/// <summary>A claim that a VM made by its traffic and that was refused.</summary>
/// <param name="OwnerVm">Who has the address; empty = nobody, but the vNIC has learned as many as it may.</param>
internal sealed record RefusedPin(string Realm, Address Address, LearnBy By, NicKey Nic, string Vm, string OwnerVm, DateTimeOffset At)
{
    /// <summary>So long after the last such claim somebody is still told of it.</summary>
    public static TimeSpan Told { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Kept of one vNIC, the newest: who claims everything is told of once.</summary>
    public const int MostOfNic = 4;
}
