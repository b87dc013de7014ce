using Merlon.Datapath.Links;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Attach;

/// <summary>Attaching by clsact filters, for kernels without tcx. A filter lives with its interface and cannot be pinned;
/// a pin of the program stands for it so that <see cref="Attacher.ListAttached"/> finds it again.</summary>
internal static unsafe class ClsactHook
{
    private const uint Priority = 1, Handle = 0x4d45, Replace = 1;

    public static void Attach(BpfFd program, int ifindex, Hook hook, string pin)
    {
        RequireOwnQdisc(ifindex);
        Put(program, ifindex, hook);
        if (!File.Exists(pin)) Bpf.Pin(program, pin);
    }

    /// <summary>Makes or replaces the filter in one step.</summary>
    public static void Put(BpfFd program, int ifindex, Hook hook)
    {
        var at = At(ifindex, hook);
        LibBpfLog.Begin();
        var created = LibBpf.TcHookCreate(&at);
        if (created == -Libc.Enodev) throw TcxHook.NoInterface(ifindex);
        if (created != -Libc.Eexist) BpfError.Check(created, "attach-failed", $"making a clsact qdisc on interface {ifindex}");
        var filter = Filter();
        (filter.ProgramFd, filter.Flags) = (program.Number, Replace);
        var result = LibBpf.TcAttach(&at, &filter);
        var said = LibBpfLog.Tail(3);
        GC.KeepAlive(program);
        BpfError.Check(result, "attach-failed", $"attaching {hook.Program} to interface {ifindex} {said}".TrimEnd());
    }

    public static void Detach(int ifindex, Hook hook, string pin)
    {
        var at = At(ifindex, hook);
        var filter = Filter();
        LibBpfLog.Begin();
        // A filter that is gone with its interface, or that somebody removed, is what was asked for.
        _ = LibBpf.TcDetach(&at, &filter);
        _ = LibBpfLog.Tail(0);
        File.Delete(pin);
    }

    /// <summary>Removes the clsact qdisc when no filter of anybody is left on it.</summary>
    public static void RemoveEmptyQdisc(int ifindex)
    {
        if (TrafficControl.HasFilters(ifindex)) return;
        var both = At(ifindex, Hook.FromVm);
        both.AttachPoint = Hook.FromVm.TcPoint | Hook.ToVm.TcPoint;
        LibBpfLog.Begin();
        _ = LibBpf.TcHookDestroy(&both);
        _ = LibBpfLog.Tail(0);
    }

    public static HookState Query(BpfFd program, int ifindex, Hook hook)
    {
        var at = At(ifindex, hook);
        var filter = Filter();
        LibBpfLog.Begin();
        var result = LibBpf.TcQuery(&at, &filter);
        _ = LibBpfLog.Tail(0);
        var info = Bpf.Info<ProgramInfo>(program);
        if (result < 0 || filter.ProgramId != info.Id) return HookState.Absent;
        return new(true, TcxHook.Empty(ifindex, hook), info.Id, info.TagText);
    }

    // clsact and an ingress qdisc share one place; taking it away would switch off somebody's policing.
    private static void RequireOwnQdisc(int ifindex)
    {
        if (TrafficControl.HasIngressQdisc(ifindex))
            throw new DatapathException("foreign-ingress-qdisc", $"interface {ifindex} has an ingress qdisc (libvirt's <bandwidth> makes one)",
                "remove <bandwidth><inbound> from the interface, or boot a kernel of 6.6 or later");
    }

    private static TcHook At(int ifindex, Hook hook) =>
        new() { Size = (nuint)sizeof(TcHook), Ifindex = ifindex, AttachPoint = hook.TcPoint };

    private static TcOptions Filter() => new() { Size = (nuint)sizeof(TcOptions), Handle = Handle, Priority = Priority };
}
