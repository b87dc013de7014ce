using Merlon.Datapath.Links;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Attach;

/// <summary>Hangs both programs on interfaces, keeps them first, and takes them off. State is in the kernel and in the pins
/// only: a new agent sees what the old one attached.</summary>
public sealed class Attacher
{
    private readonly Loaded _loaded;
    private readonly Lock _gate = new();

    internal Attacher(Loaded loaded) => _loaded = loaded;

    /// <summary>What new attachments are made of; clsact may be forced where tcx is there.</summary>
    public AttachKind Kind { get; set; } = KernelProbe.HasTcx ? AttachKind.Tcx : AttachKind.Clsact;

    /// <summary>Attaches both hooks, first in order, or neither. Attaching again under the same incarnation changes nothing,
    /// except that it restores a missing hook and the order; a hook that was there before stays whatever becomes of the other.
    /// Pins that a former owner of the ifindex left are removed.</summary>
    public void Attach(int ifindex, uint incarnation)
    {
        lock (_gate)
        {
            var had = Pins(ifindex);
            foreach (var old in had)
                if (old.Incarnation != incarnation || old.Kind != Kind) Detach(old);
            try
            {
                foreach (var hook in Hook.Both) Attach(new PinName(ifindex, incarnation, hook, Kind));
            }
            catch
            {
                foreach (var made in Pins(ifindex).Where(p => p.Incarnation == incarnation && !had.Contains(p))) Detach(made);
                throw;
            }
        }
    }

    /// <summary>Takes both programs off and forgets the pins. Nothing attached: nothing done.</summary>
    public void Detach(int ifindex)
    {
        lock (_gate) DetachUnderGate(ifindex);
    }

    /// <summary>Asks the kernel, not the pins. Under 50 µs with tcx.</summary>
    public AttachState Verify(int ifindex)
    {
        // The pins are read only when this kind is not there: listing them is slow with hundreds of interfaces.
        var state = State(Kind, ifindex);
        if (state.Present || (Pins(ifindex).FirstOrDefault()?.Kind ?? Kind) is var kind && kind == Kind) return state;
        return State(kind, ifindex);
    }

    /// <summary>Those of the interfaces where nothing but Merlon sees what comes from the guest: no other program or filter, no ingress queue.</summary>
    public IReadOnlySet<int> Alone(IReadOnlyList<int> ifindexes)
    {
        if (ifindexes.Count == 0) return new HashSet<int>();
        var queues = TrafficControl.IngressQueues();
        return ifindexes.Where(i => Kind == AttachKind.Tcx
            ? TcxHook.Count(i, Hook.FromVm) == 1 && !queues.Contains(i)
            : TcxHook.Empty(i, Hook.FromVm) && TrafficControl.Filters(i, Hook.FromVm.TcParent).Count == 1).ToHashSet();
    }

    /// <summary>Every attachment the pins name, those whose interface is gone included.</summary>
    public IReadOnlyList<Attachment> ListAttached() =>
        [.. Pins(null).GroupBy(p => (p.Ifindex, p.Incarnation, p.Kind))
            .Select(g => new Attachment(g.Key.Ifindex, g.Key.Incarnation, g.Key.Kind, g.Count() == 2 && g.All(IsLive)))
            .OrderBy(a => a.Ifindex)];

    /// <summary>Every attachment runs the present programs; each hook changes in one step.</summary>
    internal void UpdateAll()
    {
        foreach (var pin in Pins(null))
        {
            if (pin.Kind == AttachKind.Tcx) TcxHook.Update(Program(pin.Hook), Path(pin));
            else if (ClsactHook.ProgramAt(pin.Ifindex, pin.Hook) is not null) ClsactHook.Put(Program(pin.Hook), pin.Ifindex, pin.Hook);
        }
    }

    private void Attach(PinName pin)
    {
        var (program, path) = (Program(pin.Hook), Path(pin));
        var state = Query(pin.Kind, pin.Ifindex, pin.Hook);
        if (state.Present && File.Exists(path))
        {
            if (state.First) return;
            if (pin.Kind == AttachKind.Tcx) TcxHook.MoveFirst(program, pin.Ifindex, pin.Hook, path);
            else ClsactHook.MoveFirst(program, pin.Ifindex, pin.Hook);
            return;
        }
        if (pin.Kind == AttachKind.Clsact)
        {
            ClsactHook.Attach(program, pin.Ifindex, pin.Hook, path);
            return;
        }
        TcxHook.Detach(path);
        TcxHook.Attach(program, pin.Ifindex, pin.Hook, path);
    }

    private void DetachUnderGate(int ifindex)
    {
        foreach (var pin in Pins(ifindex)) Detach(pin);
    }

    private void Detach(PinName pin) => Uninstall.Detach(pin, Path(pin));

    private AttachState State(AttachKind kind, int ifindex) =>
        new(ifindex, kind, Query(kind, ifindex, Hook.FromVm), Query(kind, ifindex, Hook.ToVm));

    private HookState Query(AttachKind kind, int ifindex, Hook hook) =>
        kind == AttachKind.Tcx ? TcxHook.Query(Program(hook), ifindex, hook) : ClsactHook.Query(Program(hook), ifindex, hook);

    private bool IsLive(PinName pin)
    {
        if (pin.Kind == AttachKind.Clsact) return ClsactHook.Query(Program(pin.Hook), pin.Ifindex, pin.Hook).Present;
        using var link = Bpf.OpenPinned(Path(pin));
        return link is not null && TcxHook.Live(link, pin.Ifindex);
    }

    // After KernelDatapath.Remove there is no folder, and nothing attached.
    private List<PinName> Pins(int? ifindex) =>
        !Directory.Exists(_loaded.Pins.Links) ? [] : [.. Directory.GetFiles(_loaded.Pins.Links).Select(f => PinName.Parse(System.IO.Path.GetFileName(f))).OfType<PinName>()
            .Where(p => ifindex is null || p.Ifindex == ifindex)];

    private string Path(PinName pin) => System.IO.Path.Combine(_loaded.Pins.Links, pin.ToString());

    private BpfFd Program(Hook hook) => _loaded.Program(hook.Program);
}
