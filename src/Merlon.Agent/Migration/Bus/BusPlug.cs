using Merlon.Libvirt;
using Merlon.Libvirt.Domains;

namespace Merlon.Agent.Migration.Bus;

/// <summary>Gives the QEMUs of VMs that run the object that they save their connections by. On the thread that speaks to libvirt, which what fails here must
/// not hold up: it is tried again after a while.</summary>
internal sealed class BusPlug(Board board, ILogger log)
{
    private static readonly TimeSpan s_again = TimeSpan.FromMinutes(1);
    private readonly Dictionary<string, (long At, string Why)> _failed = [];

    /// <param name="monitor">A QMP command to a VM; null = it is gone.</param>
    public void Plug(IEnumerable<string> vms, Func<string, string, string?> monitor)
    {
        foreach (var vm in vms)
        {
            if (_failed.TryGetValue(vm, out var failed) && Environment.TickCount64 < failed.At + s_again.TotalMilliseconds) continue;
            var refused = Try(vm, command => monitor(vm, command));
            if (refused is null) _failed.Remove(vm);
            else if (refused != failed.Why) Log.NotCarried(log, vm, refused);
            if (refused is not null) _failed[vm] = (Environment.TickCount64, refused);
        }
    }

    private string? Try(string vm, Func<string, string?> monitor)
    {
        try
        {
            return board.Open(vm) ? null : Add(vm, monitor);
        }
        catch (Exception e) when (e is LibvirtException or AgentFault or DllNotFoundException or IOException)
        {
            return e.Message;
        }
    }

    // One that is there already has just connected, or lost its bus with a board that was killed: it takes no other.
    private string? Add(string vm, Func<string, string?> monitor)
    {
        var add = QemuBus.Add(board.SocketOf(vm));
        if (Refusal(monitor(add)) is null || board.Open(vm)) return null;
        monitor(QemuBus.Delete);
        return Refusal(monitor(add));
    }

    private static string? Refusal(string? answer) => answer is not null && answer.Contains("\"error\"", StringComparison.Ordinal) ? answer : null;
}
