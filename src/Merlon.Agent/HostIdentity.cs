using System.Text;
using Merlon.Agent.Sync;

namespace Merlon.Agent;

/// <summary>The UUID by which controllers know this host: what libvirt says, or said to an earlier agent; the machine's own where there is no
/// libvirt. Two hosts of one machine (a lab) differ in nothing else. Any thread.</summary>
internal sealed class HostIdentity
{
    private const string MachineId = "/etc/machine-id";
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _file;
    private volatile string _uuid = Machine();

    /// <param name="folder">Where it is remembered.</param>
    public HostIdentity(string folder, bool hasLibvirt)
    {
        _file = Path.Combine(folder, "host-uuid");
        if (hasLibvirt && Remembered() is { } uuid) _uuid = uuid;
        else if (hasLibvirt) return;
        _settled.SetResult();
    }

    public string Uuid => _uuid;

    /// <summary>Ends when libvirt has answered, or cannot: nobody is greeted under a name that the next moment changes.</summary>
    public Task Settled => _settled.Task;

    /// <param name="uuid">What libvirt says; null = it does not answer.</param>
    public void Learn(string? uuid)
    {
        if (uuid is not null && uuid != Remembered()) DurableFile.Write(_file, Encoding.ASCII.GetBytes(uuid));
        _uuid = uuid ?? _uuid;
        _settled.TrySetResult();
    }

    private string? Remembered() => File.Exists(_file) && Guid.TryParseExact(File.ReadAllText(_file), "D", out var uuid) ? uuid.ToString("D") : null;

    private static string Machine() =>
        File.Exists(MachineId) && Guid.TryParseExact(File.ReadAllText(MachineId).Trim(), "N", out var id) ? id.ToString("D") : Guid.Empty.ToString("D");
}
