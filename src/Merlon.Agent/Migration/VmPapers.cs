using Merlon.Agent.Guests;
using Merlon.Contracts;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;

namespace Merlon.Agent.Migration;

/// <summary>Which policy travels inside each VM: reads what is there, and has written what the controller's manager signed. On the mailbox's
/// thread.</summary>
internal sealed class VmPapers(InstancePaths paths)
{
    private readonly Dictionary<string, (string Text, PolicyInside Inside)> _inside = [];
    private readonly Dictionary<string, (byte[] Signed, string Content, string? Text)> _wanted = [];

    /// <summary>Writes the text into a VM's metadata. Set before anything else happens.</summary>
    public Action<string, string> Write { get; set; } = (_, _) => { };

    /// <summary>VMs whose policy is too large to take along.</summary>
    public IEnumerable<string> TooLarge => _wanted.Where(w => w.Value.Text is null).Select(w => w.Key);

    /// <summary>Public keys that sign policy for this host: of its own controller, and those an operator put into <c>trust</c>.</summary>
    public Func<TrustList> Trusted { get; init; } = () => TrustList.Read(paths.Pki, Path.Combine(paths.Etc, "trust"));

    /// <summary>Of this host's own controller; null = it has none.</summary>
    public Func<string?> Installation { get; init; } = () => PolicySigner.InstallationOf(paths.Pki);

    public PolicyInside? Inside(string vmUuid) => _inside.TryGetValue(vmUuid, out var found) ? found.Inside : null;

    /// <summary>Read anew although the text is known: who is trusted may have changed.</summary>
    public PolicyInside Read(string vmUuid, string text)
    {
        using var trusted = Trusted();
        var inside = PolicyInside.Read(text, vmUuid, trusted, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        _inside[vmUuid] = (text, inside);
        return inside;
    }

    /// <summary>The VMs of this host as libvirt tells them.</summary>
    /// <param name="texts">Null = none inside.</param>
    /// <returns>Something else is inside one of them than at the last look.</returns>
    public bool Look(IReadOnlyDictionary<string, string?> texts)
    {
        var gone = _inside.Keys.Where(uuid => texts.GetValueOrDefault(uuid) is null).ToList();
        var news = texts.Where(t => t.Value is not null && (!_inside.TryGetValue(t.Key, out var known) || known.Text != t.Value)).ToList();
        foreach (var uuid in gone) _inside.Remove(uuid);
        foreach (var (uuid, text) in news) Read(uuid, text!);
        foreach (var uuid in texts.Keys) WriteUnlessThere(uuid);
        return gone.Count + news.Count > 0;
    }

    /// <summary>The controller's document for a VM; returns why it does not count, null when it does.</summary>
    public string? Want(byte[] signed, IEnumerable<string> here)
    {
        try
        {
            using var trusted = Trusted();
            var document = VmDocuments.Verify(signed, trusted);
            _wanted[document.VmUuid] = (signed, PolicyInside.ContentOf(document, signed), VmDocuments.ToText(signed));
            if (here.Contains(document.VmUuid)) WriteUnlessThere(document.VmUuid);
            return null;
        }
        catch (ContractException e)
        {
            return e.Message;
        }
    }

    // Another sequence alone is no reason: the document inside says when what it says was last changed.
    private void WriteUnlessThere(string uuid)
    {
        if (_wanted.TryGetValue(uuid, out var wanted) && wanted.Text is { } text && Inside(uuid)?.Content != wanted.Content) Write(uuid, text);
    }
}
