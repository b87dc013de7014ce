namespace Merlon.Policy.Compile;

/// <summary>What one image can hold. Beyond a limit the compiler refuses and says who is over it; the agent keeps the old image.</summary>
public static class ImageLimits
{
    /// <summary>MERLON_MAX_SLOTS.</summary>
    public const int Nics = 4096;

    /// <summary>MERLON_NIC_LOCALS.</summary>
    public const int NicLocals = 8;

    /// <summary>MERLON_MAX_V6_LENGTHS.</summary>
    public const int V6Lengths = 32;

    /// <summary>MERLON_V6_PROBES.</summary>
    public const int V6Probes = 16;

    /// <summary>Row maps hold 16 bits per class.</summary>
    public const int RemoteClasses = 65535;

    /// <summary>Column maps and combos hold 16 bits per class.</summary>
    public const int ServiceClasses = 65535;

    /// <summary>Destination classes × source classes of all protocols.</summary>
    public const int Combos = 1 << 22;

    /// <summary>Planes hold 16 bits per chunk.</summary>
    public const int Chunks = 65536;

    /// <summary>Cells of one ruleset after equal rows are merged.</summary>
    public const int CellsOfRuleset = 1 << 22;

    /// <summary>Words of the whole image: 64 MiB.</summary>
    public const int Words = 8 << 20;

    /// <summary>A cell names its rule in 24 bits; the last is the default.</summary>
    public const int Rules = 0xffffff;

    /// <summary>Segments, realms and the like count in 16 bits; a realm costs 256 KiB.</summary>
    public const int Realms = 64;
}
