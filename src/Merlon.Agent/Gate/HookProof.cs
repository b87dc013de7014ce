using System.Globalization;
using System.Security.Cryptography;
using Merlon.Contracts.Api;

namespace Merlon.Agent.Gate;

/// <summary>Whether libvirt really calls the start gate. libvirtd learns which hooks there are when it starts, so a file in its place proves
/// nothing: the agent asks libvirt to start a VM that must never run, and the hook of that start brings its UUID back, which is a nonce. Any thread.</summary>
internal sealed class HookProof
{
    private const string Never = "libvirt has not called it yet";
    private readonly Lock _gate = new();
    private string? _asked;
    private string _found = Never;
    private DateTimeOffset? _proved;

    public StartGateRecord Record
    {
        get
        {
            lock (_gate)
                return _proved is { } at ? new(true, string.Create(CultureInfo.InvariantCulture, $"called by libvirt at {at.UtcDateTime:u}")) : new(false, _found);
        }
    }

    public bool IsLive => Record.Live;

    /// <summary>The nonce of a new question; an older one counts no more.</summary>
    public string Ask()
    {
        lock (_gate) return _asked = new Guid(RandomNumberGenerator.GetBytes(16)).ToString("D");
    }

    /// <summary>A hook came with this nonce; true = it is the one asked for.</summary>
    public bool Answer(string nonce)
    {
        lock (_gate)
        {
            if (_asked is null || !CryptographicOperations.FixedTimeEquals(System.Text.Encoding.ASCII.GetBytes(nonce), System.Text.Encoding.ASCII.GetBytes(_asked))) return false;
            (_asked, _proved) = (null, DateTimeOffset.UtcNow);
            return true;
        }
    }

    /// <summary>libvirt is done with the question; <paramref name="libvirtSaid"/> is how the start failed.</summary>
    public void Asked(string libvirtSaid)
    {
        lock (_gate)
        {
            if (_asked is not null) _found = $"libvirt did not call it for a start that was tried: {libvirtSaid}";
            _asked = null;
        }
    }

    /// <summary>What was proved no longer counts.</summary>
    public void Withdraw(string why)
    {
        lock (_gate) (_proved, _asked, _found) = (null, null, why);
    }
}
