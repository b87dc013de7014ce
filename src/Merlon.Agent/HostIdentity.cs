using System.Text;
using Merlon.Agent.Sync;

namespace Merlon.Agent;

/// <summary>The UUID by which controllers know this host: libvirt's where libvirt answers before the first greeting, else the machine's own. Two
/// hosts of one machine (a lab) differ in nothing else. Once a controller has heard it, it stays: under another one this would be another host,
/// and the old one's VMs a ghost's. Any thread.</summary>
internal sealed class HostIdentity
{
    private const string MachineId = "/etc/machine-id";
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly string _file;
    private string _uuid;
    private bool _kept;

    /// <param name="folder">Where it is remembered.</param>
    public HostIdentity(string folder, bool hasLibvirt)
    {
        _file = Path.Combine(folder, "host-uuid");
        var remembered = Remembered();
        (_uuid, _kept) = (remembered ?? Machine(), remembered is not null);
        if (_kept || !hasLibvirt) _settled.SetResult();
    }

    public string Uuid
    {
        get { lock (_gate) return _uuid; }
    }

    /// <summary>Ends when libvirt has answered, or cannot.</summary>
    public Task Settled => _settled.Task;

    /// <param name="uuid">What libvirt says; null = it does not answer.</param>
    public void Learn(string? uuid)
    {
        lock (_gate)
            if (!_kept) _uuid = uuid ?? _uuid;
        _settled.TrySetResult();
    }

    /// <summary>A controller is about to hear it.</summary>
    public void Keep()
    {
        lock (_gate)
        {
            if (!_kept) DurableFile.Write(_file, Encoding.ASCII.GetBytes(_uuid));
            _kept = true;
        }
    }

    private string? Remembered() => File.Exists(_file) && Guid.TryParseExact(File.ReadAllText(_file), "D", out var uuid) ? uuid.ToString("D") : null;

    private static string Machine() =>
        File.Exists(MachineId) && Guid.TryParseExact(File.ReadAllText(MachineId).Trim(), "N", out var id) ? id.ToString("D") : Guid.Empty.ToString("D");
}
