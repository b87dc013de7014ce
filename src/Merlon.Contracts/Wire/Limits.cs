namespace Merlon.Contracts.Wire;

/// <summary>The most that one message may hold: what is beyond is refused before memory is spent on it.</summary>
public static class Limits
{
    /// <summary>Bytes of one gRPC message, both ways.</summary>
    public const int MessageBytes = 64 << 20;

    public const int Endpoints = 1 << 18;

    /// <summary>MERLON_MAX_SLOTS of datapath/abi.h.</summary>
    public const int Nics = 4096;

    public const int Sets = 1 << 16;
    public const int Prefixes = 1 << 20;
    public const int RuleLists = 2 * Nics;

    /// <summary>MERLON_MAX_RULE_IDS of datapath/abi.h.</summary>
    public const int Rules = 1 << 20;

    /// <summary>Places of rules in the lists of one policy.</summary>
    public const int RuleIndexes = 1 << 24;

    public const int ServicesOfRule = 4096;
    public const int IntervalsOfRule = 4096;
    public const int AddressesOfEndpoint = 256;
    public const int NameLength = 255;

    /// <summary>VMs of one host's inventory.</summary>
    public const int Vms = 4096;

    public const int NicsOfVm = 64;
    public const int LabelsOfVm = 128;

    /// <summary>Claims of one message.</summary>
    public const int Claims = 256;

    /// <summary>Records of one flow batch.</summary>
    public const int FlowRecords = 4096;
}
