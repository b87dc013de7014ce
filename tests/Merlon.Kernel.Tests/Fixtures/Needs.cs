using Merlon.Datapath;
using Merlon.Datapath.Attach;
using Xunit;

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>What a test needs of the kernel. Too old a kernel skips it, with the reason; on one that is new enough it must pass.</summary>
internal static class Needs
{
    private static readonly Version s_firstWithTcx = new(6, 6);

    public static Version Kernel { get; } = Version.Parse(string.Join('.', Release.Split('.', '-').Take(2)));

    /// <summary>The kernel's name, as uname -r.</summary>
    public static string Release => File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    public static bool TooOldForTcx => Kernel < s_firstWithTcx && !KernelProbe.HasTcx;

    /// <summary>The ways of attaching that this kernel must have.</summary>
    public static IEnumerable<AttachKind> Kinds => TooOldForTcx ? [AttachKind.Clsact] : Enum.GetValues<AttachKind>();

    public static void Tcx(params AttachKind[] kinds) =>
        Assert.SkipWhen(TooOldForTcx && (kinds.Length == 0 || kinds.Contains(AttachKind.Tcx)), $"tcx came with Linux {s_firstWithTcx}, this is {Release}");
}
