using Merlon.Policy.Model;

namespace Merlon.Controller.Inventory;

/// <summary>A lease that a server gave and that could not be pinned. Its VM says nothing more of it until it is over (it renews from the address,
/// which is dropped): so it is heard again while it lasts.</summary>
/// <param name="Mac">Of the vNIC that was given it.</param>
internal sealed record WaitingLease(LearnedClaim Claim, MacAddress Mac, DateTimeOffset HeardAt)
{
    /// <summary>Kept of one vNIC, the newest.</summary>
    public const int MostOfNic = 4;

    /// <summary>As it would be told now.</summary>
    public LearnedClaim At(DateTimeOffset now) => Claim with { Age = now - HeardAt + Claim.Age };

    public bool IsOver(DateTimeOffset now) => At(now).Age >= Claim.Lease;
}
