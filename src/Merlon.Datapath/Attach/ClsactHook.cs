using System.Globalization;
using Merlon.Datapath.Links;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Attach;

/// <summary>Attaching by clsact filters, for kernels without tcx. A filter lives with its interface and cannot be pinned;
/// a pin of the program stands for it so that <see cref="Attacher.ListAttached"/> finds it again.</summary>
internal static unsafe class ClsactHook
{
    private const uint Priority = 1, Handle = 0x4d45, GateHandle = 0x4d46, Replace = 1;

    public static void Attach(BpfFd program, int ifindex, Hook hook, string pin)
    {
        RequireOwnQdisc(ifindex);
        if (CreateQdisc(ifindex, hook) && !File.Exists(QdiscPin(ifindex, pin))) Bpf.Pin(program, QdiscPin(ifindex, pin));
        Put(program, ifindex, hook);
        if (!File.Exists(pin)) Bpf.Pin(program, pin);
    }

    /// <summary>Makes the filter, before those of its priority, or replaces it where it stands; either in one step.</summary>
    public static void Put(BpfFd program, int ifindex, Hook hook) => Put(program, ifindex, hook, Handle);

    /// <summary>Moves the filter before others of its priority. Between, a gate that drops everything stands first: fail closed.</summary>
    public static void MoveFirst(BpfFd program, int ifindex, Hook hook)
    {
        using var gate = Bpf.LoadDropAll();
        Put(gate, ifindex, hook, GateHandle);
        Remove(ifindex, hook, Handle);
        Put(program, ifindex, hook, Handle);
        Remove(ifindex, hook, GateHandle);
    }

    private static void Put(BpfFd program, int ifindex, Hook hook, uint handle)
    {
        var at = At(ifindex, hook);
        LibBpfLog.Begin();
        var filter = Filter(handle);
        (filter.ProgramFd, filter.Flags) = (program.Number, Replace);
        var result = LibBpf.TcAttach(&at, &filter);
        var said = LibBpfLog.Tail(3);
        GC.KeepAlive(program);
        BpfError.Check(result, "attach-failed", $"attaching {hook.Program} to interface {ifindex} {said}".TrimEnd());
    }

    public static void Detach(int ifindex, Hook hook, string pin)
    {
        Remove(ifindex, hook, Handle);
        Remove(ifindex, hook, GateHandle);
        File.Delete(pin);
        RemoveQdisc(ifindex, QdiscPin(ifindex, pin));
    }

    public static HookState Query(BpfFd program, int ifindex, Hook hook)
    {
        var info = Bpf.Info<ProgramInfo>(program);
        if (ProgramAt(ifindex, hook) != info.Id) return HookState.Absent;
        var handles = TrafficControl.Filters(ifindex, hook.TcParent);
        var first = handles is [Handle, ..] && !handles.Contains(GateHandle) && TcxHook.Empty(ifindex, hook);
        return new(true, first, info.Id, info.TagText);
    }

    /// <summary>Id of the program in our filter's place, of whatever version; null when there is no filter.</summary>
    public static uint? ProgramAt(int ifindex, Hook hook)
    {
        var at = At(ifindex, hook);
        var filter = Filter(Handle);
        LibBpfLog.Begin();
        var result = LibBpf.TcQuery(&at, &filter);
        _ = LibBpfLog.Tail(0);
        return result < 0 ? null : filter.ProgramId;
    }

    // A pin beside the filters' own says that the qdisc is ours to remove. True = made just now.
    private static bool CreateQdisc(int ifindex, Hook hook)
    {
        var at = At(ifindex, hook);
        LibBpfLog.Begin();
        var created = LibBpf.TcHookCreate(&at);
        _ = LibBpfLog.Tail(0);
        if (created == -Libc.Enodev) throw TcxHook.NoInterface(ifindex);
        if (created == -Libc.Eexist) return false;
        BpfError.Check(created, "attach-failed", $"making a clsact qdisc on interface {ifindex}");
        return true;
    }

    // Only one that we made, and only when no filter of anybody is left on it.
    private static void RemoveQdisc(int ifindex, string pin)
    {
        if (!File.Exists(pin) || TrafficControl.HasFilters(ifindex)) return;
        var both = At(ifindex, Hook.FromVm);
        both.AttachPoint = Hook.FromVm.TcPoint | Hook.ToVm.TcPoint;
        LibBpfLog.Begin();
        _ = LibBpf.TcHookDestroy(&both);
        _ = LibBpfLog.Tail(0);
        File.Delete(pin);
    }

    // A filter that is gone with its interface, or that somebody removed, is what was asked for.
    private static void Remove(int ifindex, Hook hook, uint handle)
    {
        var at = At(ifindex, hook);
        var filter = Filter(handle);
        LibBpfLog.Begin();
        _ = LibBpf.TcDetach(&at, &filter);
        _ = LibBpfLog.Tail(0);
    }

    private static string QdiscPin(int ifindex, string filterPin) =>
        Path.Combine(Path.GetDirectoryName(filterPin)!, string.Create(CultureInfo.InvariantCulture, $"{ifindex}-qdisc"));

    // clsact and an ingress qdisc share one place; taking it away would switch off somebody's policing.
    private static void RequireOwnQdisc(int ifindex)
    {
        if (TrafficControl.HasIngressQdisc(ifindex))
            throw new DatapathException("foreign-ingress-qdisc", $"interface {ifindex} has an ingress qdisc (libvirt's <bandwidth><outbound> makes one)",
                "remove <bandwidth><outbound> from the interface, or boot a kernel of 6.6 or later");
    }

    private static TcHook At(int ifindex, Hook hook) =>
        new() { Size = (nuint)sizeof(TcHook), Ifindex = ifindex, AttachPoint = hook.TcPoint };

    private static TcOptions Filter(uint handle) => new() { Size = (nuint)sizeof(TcOptions), Handle = handle, Priority = Priority };
}
