using Merlon.Policy.Model;

namespace Merlon.Datapath.Abi;

/// <summary>Sizes and fixed numbers of abi.h.</summary>
public static class AbiLimits
{
    public const uint Version = 1;
    public const int MaxSlots = 4096;
    public const int Ways = 8192;
    public const int MaxVms = 2048;
    public const int MaxRuleIds = 1048576;
    public const int ShareHalf = 32;
    public const int ShareConn = 64;
    public const int PortVlans = OtherFrames.MostVlans;
    public const int PortEtherTypes = OtherFrames.MostEtherTypes;
    public const int LicenceMost = Licence.Most;
    public const uint VlanService = 0x8000;
    public const ushort Brought = 4;
    public const int MaxCpus = 256;
    public const int CaptureBytes = 512;
    public const int ClaimBytes = 256;
    public const uint Trace = 0x4d54524f;
    public const int TraceAsked = 0, TraceVerdict = 1, TraceReason = 2, TraceRule = 3, TraceSource = 4;
    public const int NicLocals = 8;
    public const uint ImageMagic = 0x4d45524c;
    public const int ImageHeaderWords = 32;
    public const uint RuleIdDefault = 1;
    public const uint RuleIdBuiltinArp = 2;
    public const uint RuleIdBuiltinNd = 3;
    public const uint RuleIdBuiltinDhcp = 4;
    public const uint RuleIdBuiltinGroup = 5;
    public const uint RuleIdBuiltinEtherType = 6;

    /// <summary>The agent numbers policy rules from here.</summary>
    public const uint RuleIdFirst = 16;
}
