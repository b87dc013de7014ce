namespace Merlon.Datapath.Attach;

/// <summary>How the programs hang on an interface.</summary>
public enum AttachKind
{
    /// <summary>Pinned tcx links (Linux 6.6 and later).</summary>
    Tcx,
    /// <summary>clsact filters at priority 1, for older kernels.</summary>
    Clsact,
}
