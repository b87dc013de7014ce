namespace Merlon.Datapath.Attach;

/// <summary>What an interface really has, read back from the kernel.</summary>
public sealed record AttachState(int Ifindex, AttachKind Kind, HookState FromVm, HookState ToVm)
{
    /// <summary>Both hooks run this instance's program.</summary>
    public bool Present => FromVm.Present && ToVm.Present;

    /// <summary>Both hooks run it before anything else.</summary>
    public bool First => FromVm.First && ToVm.First;
}
