namespace Merlon.Controller.Rules;

/// <summary>The change on trial forbids what was asked for.</summary>
internal sealed class TrialException(string code, string message, string mend) : Exception(message)
{
    /// <summary>Stable, kebab-case.</summary>
    public string Code => code;

    public string Mend => mend;

    public static TrialException Pending(PolicyTrial trial) => new("trial-pending",
        $"a change of {trial.State.By} waits for its confirmation until {trial.State.ConfirmBy:u}", "merlon confirm, or merlon rollback");

    public static TrialException Over(PolicyTrial trial) => new("too-late",
        $"the change was to be confirmed by {trial.State.ConfirmBy:u}: hosts have put back what was before", "apply it again");
}
