namespace Merlon.Datapath.Attach;

/// <summary>What an interface really has, read back from the kernel.</summary>
public sealed record AttachState(int Ifindex, AttachKind Kind, HookState FromVm, HookState ToVm)
{
    /// <summary>Both hooks run this instance's program.</summary>
    public bool Present => FromVm.Present && ToVm.Present;

    /// <summary>Both hooks run it before anything else.</summary>
    public bool First => FromVm.First && ToVm.First;

    /// <summary>What is wrong, and at which hook; null = nothing.</summary>
    public string? Problem =>
        !Present ? $"the program is not attached ({Where(h => h.Present)})"
        : !First ? $"another program sees packets before Merlon ({Where(h => h.First)})"
        : null;

    private string Where(Func<HookState, bool> well) =>
        string.Join(" and ", new[] { (State: FromVm, Hook.FromVm.Program), (State: ToVm, Hook.ToVm.Program) }.Where(h => !well(h.State)).Select(h => h.Program));
}
