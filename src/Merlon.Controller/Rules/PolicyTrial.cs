using Merlon.Policy.Model;

namespace Merlon.Controller.Rules;

/// <summary>A change that waits for its confirmation.</summary>
/// <param name="Fallback">What was in force before and is again when none comes.</param>
internal sealed record PolicyTrial(TrialState State, PolicySet Fallback)
{
    public long ConfirmBy => State.ConfirmBy.ToUnixTimeSeconds();
}
