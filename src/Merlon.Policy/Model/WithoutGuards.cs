namespace Merlon.Policy.Model;

/// <summary>What a policy set without any Guard document guards.</summary>
public enum WithoutGuards
{
    /// <summary>Every vNIC, enforcing: offline checks and tests.</summary>
    GuardAll,

    /// <summary>None: a live installation touches nothing before a Guard says so.</summary>
    GuardNone,
}
