using System.ComponentModel;
using Merlon.Libvirt;
using Merlon.Libvirt.Domains;

namespace Merlon.Agent.Migration.Bus;

/// <summary>Keeps what QEMUs that run save their connections by as the Guards want it: those of VMs whose connections travel have the object, and have it again when the board was
/// lost; the others have none. On the thread that speaks to libvirt, which what fails here must not hold up: it is tried again after a while.</summary>
internal sealed class BusPlug(BusPlug.IBoard board, ILogger log)
{
    private static readonly TimeSpan s_again = TimeSpan.FromMinutes(1);
    private readonly Dictionary<string, (long At, string Why)> _failed = [];

    /// <summary>Over when the board is that QEMUs are connected to; null = no QEMU of this host is.</summary>
    public Task? BoardEnds { get; private set; }

    /// <param name="carried">VMs whose connections travel, by their Guards.</param>
    public void Keep(IEnumerable<DomainInfo> domains, IReadOnlySet<string> carried, IMonitor monitor, CancellationToken stop)
    {
        var any = false;
        // One that has ended is watched no longer, or whoever waits for it would wait no more.
        if (BoardEnds is { IsCompleted: true }) BoardEnds = null;
        foreach (var domain in domains.Where(d => d.Executes))
        {
            var wanted = carried.Contains(domain.Uuid) || domain.Object == QemuObject.Argument;
            if (!wanted && domain.Object == QemuObject.None) continue;
            if (_failed.TryGetValue(domain.Uuid, out var failed) && Environment.TickCount64 < failed.At + s_again.TotalMilliseconds) continue;
            var refused = Try(() => wanted ? Plug(domain, monitor) : Unplug(domain, monitor));
            any |= wanted && refused is null;
            if (refused is null) _failed.Remove(domain.Uuid);
            else if (refused != failed.Why) Log.NotCarried(log, domain.Uuid, refused);
            if (refused is not null) _failed[domain.Uuid] = (Environment.TickCount64, refused);
        }
        if (any && BoardEnds is null) Try(() => Watch(stop));
    }

    /// <summary>Takes the object out of those QEMUs where it can be. Returns how many keep it.</summary>
    public static int UnplugAll(IEnumerable<DomainInfo> domains, IMonitor monitor) =>
        domains.Count(d => d.Running && d.Object != QemuObject.None && (d.Object == QemuObject.Argument || Try(() => Unplug(d, monitor)) is not null));

    private static string? Try(Func<string?> work)
    {
        try
        {
            return work();
        }
        // What libvirt, its library or the start of a process may meet.
        catch (Exception e) when (e is LibvirtException or AgentFault or DllNotFoundException or EntryPointNotFoundException or IOException or UnauthorizedAccessException or Win32Exception)
        {
            return e.Message;
        }
    }

    private string? Watch(CancellationToken stop)
    {
        BoardEnds = board.Watch(stop);
        return null;
    }

    // Marked first: a VM that moves meanwhile with the object and without the mark could not arrive.
    private string? Plug(DomainInfo domain, IMonitor monitor)
    {
        if (domain.QemuUser is not { } user) return "libvirt does not say as whom its QEMU runs";
        if (board.Runs(domain.Uuid, user)) return null;
        if (domain.Object == QemuObject.None) monitor.Mark(domain.Uuid, carried: true);
        var refused = Add(domain.Uuid, user, monitor);
        if (refused is not null && domain.Object == QemuObject.None) monitor.Mark(domain.Uuid, carried: false);
        return refused;
    }

    // One that is there already has just connected, or lost its bus with a board that was killed: it takes no other.
    private string? Add(string vm, uint user, IMonitor monitor)
    {
        var add = QemuBus.Add(board.SocketOf(vm));
        if (Refusal(monitor.Ask(vm, add)) is null || board.Runs(vm, user)) return null;
        monitor.Ask(vm, QemuBus.Delete);
        return Refusal(monitor.Ask(vm, add));
    }

    // What is refused is not there.
    private static string? Unplug(DomainInfo domain, IMonitor monitor)
    {
        monitor.Ask(domain.Uuid, QemuBus.Delete);
        monitor.Mark(domain.Uuid, carried: false);
        return null;
    }

    private static string? Refusal(string? answer) => answer is not null && answer.Contains("\"error\"", StringComparison.Ordinal) ? answer : null;

    /// <summary>The board, as far as this asks it; each call throws <see cref="AgentFault"/> where there is none.</summary>
    internal interface IBoard
    {
        string SocketOf(string vm);

        /// <summary>There is a bus for a QEMU of this user (0 = root) that runs, of which no more is to be taken in. True = QEMU is connected to it.</summary>
        bool Runs(string vm, uint user);

        /// <summary>Over when the board is.</summary>
        Task Watch(CancellationToken stop);
    }

    /// <summary>libvirt, as far as this asks it.</summary>
    internal interface IMonitor
    {
        /// <summary>A QMP command to a VM; null = it is gone.</summary>
        string? Ask(string vm, string command);

        /// <summary>Says in the VM's metadata that its QEMU has the object, or no longer.</summary>
        void Mark(string vm, bool carried);
    }
}
