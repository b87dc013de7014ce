namespace Merlon.Policy.Model;

/// <summary>Those reasons of datapath/abi.h that policy alone can give.</summary>
public static class Reasons
{
    public const string Rule = "rule";
    public const string Default = "default";
    public const string Builtin = "builtin";

    /// <summary>A rule or the default lets it pass, and no connection is made of it.</summary>
    public const string Untracked = "untracked";

    /// <summary>An opening packet from the end that only answers.</summary>
    public const string UntrackedSyn = "untracked-syn";

    public const string Observed = "observed";
    public const string NotGuarded = "not-guarded";
    public const string DirectionNotGuarded = "direction-not-guarded";
}
