using Merlon.Datapath.Native;

namespace Merlon.Datapath.Attach;

/// <summary>Attaching by pinned tcx links.</summary>
internal static class TcxHook
{
    private const int MaximumPrograms = 64;

    /// <summary>Makes a link, first in order, and pins it.</summary>
    public static void Attach(BpfFd program, int ifindex, Hook hook, string pin)
    {
        using var link = Create(program, ifindex, hook);
        try
        {
            Bpf.Pin(link, pin);
        }
        catch
        {
            _ = LibBpf.LinkDetach(link);
            throw;
        }
    }

    /// <summary>Detaches at once (dropping the pin alone would do it some time later), then removes the pin.</summary>
    public static void Detach(string pin)
    {
        using (var link = Bpf.OpenPinned(pin))
            if (link is not null) _ = LibBpf.LinkDetach(link);
        File.Delete(pin);
    }

    /// <summary>Puts the program into the pinned link's place in one step.</summary>
    public static unsafe void Update(BpfFd program, string pin)
    {
        using var link = Bpf.OpenPinned(pin);
        // ENOLINK: the interface is gone; nothing passes there any more.
        if (link is null || !Live(link, null)) return;
        BpfError.Check(LibBpf.LinkUpdate(link, program, null), "link-update", $"updating {pin}");
    }

    /// <summary>Moves an attachment to the front. The kernel has no such move and refuses one program twice, so for the
    /// moment between a gate that drops everything stands first: fail closed.</summary>
    public static void MoveFirst(BpfFd program, int ifindex, Hook hook, string pin)
    {
        using var gate = Bpf.LoadDropAll();
        using var link = Create(gate, ifindex, hook);
        Detach(pin);
        unsafe
        {
            BpfError.Check(LibBpf.LinkUpdate(link, program, null), "link-update", $"updating {pin}");
        }
        Bpf.Pin(link, pin);
    }

    public static HookState Query(BpfFd program, int ifindex, Hook hook)
    {
        Span<uint> ids = stackalloc uint[MaximumPrograms];
        var count = Bpf.QueryTcx(ifindex, hook.TcxType, ids);
        if (count <= 0) return HookState.Absent;
        var info = Bpf.Info<ProgramInfo>(program);
        var at = ids[..Math.Min(count, MaximumPrograms)].IndexOf(info.Id);
        return at < 0 ? HookState.Absent : new(true, at == 0, info.Id, info.TagText);
    }

    /// <summary>How many programs run at this hook.</summary>
    public static int Count(int ifindex, Hook hook) => Bpf.QueryTcx(ifindex, hook.TcxType, new uint[MaximumPrograms]);

    /// <summary>Whether other programs run at this hook; what runs in tcx runs before clsact.</summary>
    public static bool Empty(int ifindex, Hook hook) => Bpf.QueryTcx(ifindex, hook.TcxType, new uint[1]) is 0 or -Libc.Einval;

    /// <param name="ifindex">Also require that it is this interface; null for any.</param>
    public static bool Live(BpfFd link, int? ifindex)
    {
        var info = Bpf.Info<LinkInfo>(link);
        return info.Type == Bpf.LinkTypeTcx && info.Ifindex != 0 && (ifindex is null || info.Ifindex == ifindex);
    }

    private static BpfFd Create(BpfFd program, int ifindex, Hook hook)
    {
        var fd = Bpf.CreateTcxLink(program, ifindex, hook.TcxType);
        if (fd == -Libc.Enodev) throw NoInterface(ifindex);
        if (fd == -Libc.Eexist)
            throw new DatapathException("already-attached", $"{hook.Program} is attached to interface {ifindex} without its pin",
                "another agent of the same instance may be running; otherwise take the interface down and up");
        return new(BpfError.Check(fd, "attach-failed", $"attaching {hook.Program} to interface {ifindex}"));
    }

    public static DatapathException NoInterface(int ifindex) =>
        new("no-interface", $"there is no interface {ifindex}", "it was removed, or is in another network namespace than the agent");
}
