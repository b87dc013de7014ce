namespace Merlon.Policy.Model;

/// <summary>Those reasons of datapath/abi.h that policy alone can give.</summary>
public static class Reasons
{
    public const string Rule = "rule";
    public const string Default = "default";
    public const string Builtin = "builtin";
    public const string Observed = "observed";
    public const string NotGuarded = "not-guarded";
    public const string DirectionNotGuarded = "direction-not-guarded";
}
