namespace Merlon.Policy.Compile;

/// <summary>The image part of datapath/abi.h, number for number.</summary>
public static class ImageLayout
{
    public const ulong Magic = 0x4d45524c;
    public const ulong AbiVersion = 1;
    public const int HeaderWords = 32;
    public const int NicWords = 20;
    public const int NicUntracked = 19;
    public const int RulesetWords = 4;
    public const int BucketWords = 4;

    public const int WordMagic = 0;
    public const int WordSize = 1;
    public const int WordNics = 2;
    public const int WordRulesets = 3;
    public const int WordRoot4 = 4;
    public const int WordNode4 = 5;
    public const int WordHash6 = 6;
    public const int WordLengths6 = 7;
    public const int WordPlanes = 8;
    public const int WordChunks = 9;
    public const int WordKinds = 10;
    public const int WordCombos = 11;
    public const int WordClasses = 12;
    public const int WordRules = 13;
    public const int WordSeed6 = 17;

    public const uint NodeBit = 0x80000000;

    public const uint GuardOut = 0x1;
    public const uint GuardIn = 0x2;
    public const uint Observe = 0x4;
    public const uint LogAllow = 0x8;
    public const uint Untracked = 0x10;

    public const uint RulesetNarrow = 0x1;

    public const uint CellRuleMask = 0xffffff;
    public const uint CellRuleDefault = 0xffffff;
    public const int CellVerdictShift = 24;
    public const uint CellLog = 0x10000000;

    public const int KindTcp = 0;
    public const int KindUdp = 1;
    public const int KindSctp = 2;
    public const int KindIcmp = 3;
    public const int KindIcmp6 = 4;
    public const int KindOther = 5;
    public const int KindCount = 6;
    public const int NoPlane = 0xff;

    /// <summary>merlon_hash6.</summary>
    public static ulong Hash6(ulong high, ulong low, ulong meta)
    {
        unchecked
        {
            var h = (high ^ (meta * 0x9e3779b97f4a7c15)) * 0xbf58476d1ce4e5b9;
            h = (h ^ (h >> 32)) + low;
            h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
            h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
            return h ^ (h >> 31);
        }
    }

    public static int KindOf(int protocol) => protocol switch
    {
        Model.Protocols.Tcp => KindTcp,
        Model.Protocols.Udp => KindUdp,
        Model.Protocols.Sctp => KindSctp,
        Model.Protocols.Icmp => KindIcmp,
        Model.Protocols.Icmp6 => KindIcmp6,
        _ => KindOther,
    };
}
