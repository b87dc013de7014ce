using Merlon.Contracts;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;

namespace Merlon.Agent.Migration;

/// <summary>Which policy travels inside each VM: reads what is there, and has written what the controller's manager signed. On the mailbox's
/// thread.</summary>
internal sealed class VmPapers(InstancePaths paths)
{
    private const long AgainAfterMs = 60_000;
    private readonly Dictionary<string, (string Text, PolicyInside Inside)> _inside = [];
    private readonly Dictionary<string, Wanted> _wanted = [];
    private readonly Dictionary<string, (string Text, long At)> _asked = [];
    private readonly Dictionary<string, string> _failed = [];

    /// <summary>Has the text written into a VM's metadata, some time later. Set before anything else happens.</summary>
    public Action<string, string> Write { get; set; } = (_, _) => { };

    /// <summary>Unix seconds.</summary>
    public Func<long> Clock { get; init; } = () => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>VMs whose policy is too large to take along.</summary>
    public IEnumerable<string> TooLarge => _wanted.Where(w => w.Value.Text is null).Select(w => w.Key);

    /// <summary>VMs that could not be written, each with why.</summary>
    public IReadOnlyDictionary<string, string> NotWritten => _failed;

    /// <summary>Public keys that sign policy for this host: of its own controller, and those an operator put into <c>trust</c>.</summary>
    public Func<TrustList> Trusted { get; init; } = () => TrustList.Read(paths.Pki, Path.Combine(paths.Etc, "trust"));

    /// <summary>Of this host's own controller; null = it has none.</summary>
    public Func<string?> Installation { get; init; } = () => PolicySigner.InstallationOf(paths.Pki);

    public PolicyInside? Inside(string vmUuid) => _inside.TryGetValue(vmUuid, out var found) ? found.Inside : null;

    /// <summary>Read anew although the text is known: who is trusted may have changed.</summary>
    public PolicyInside Read(string vmUuid, string text)
    {
        using var trusted = Trusted();
        var inside = PolicyInside.Read(text, vmUuid, trusted, Clock());
        _inside[vmUuid] = (text, inside);
        return inside;
    }

    /// <summary>The VMs of this host as libvirt tells them.</summary>
    /// <param name="texts">Null = none inside.</param>
    /// <param name="here">VMs that are here, those that libvirt's list does not have yet too.</param>
    /// <returns>Something else is inside one of them than at the last look.</returns>
    public bool Look(IReadOnlyDictionary<string, string?> texts, IReadOnlySet<string> here)
    {
        var gone = _inside.Keys.Where(uuid => texts.GetValueOrDefault(uuid) is null).ToList();
        var news = texts.Where(t => t.Value is not null && (!_inside.TryGetValue(t.Key, out var known) || known.Text != t.Value || known.Inside.NextChange <= Clock())).ToList();
        foreach (var uuid in gone) _inside.Remove(uuid);
        foreach (var (uuid, text) in news) Read(uuid, text!);
        foreach (var uuid in _wanted.Keys.Where(uuid => !here.Contains(uuid)).ToList())
        {
            _wanted.Remove(uuid);
            Settled(uuid);
        }
        foreach (var uuid in texts.Keys) WriteUnlessThere(uuid);
        return gone.Count + news.Count > 0;
    }

    /// <summary>The controller's document for a VM; returns why it does not count, null when it does.</summary>
    /// <param name="text">The same as <see cref="VmDocuments.ToText"/> has it, which takes time; null = too large.</param>
    public string? Want(byte[] signed, string? text, IReadOnlySet<string> here)
    {
        try
        {
            using var trusted = Trusted();
            var document = VmDocuments.Verify(signed, trusted);
            _wanted[document.VmUuid] = new(document, PolicyInside.ContentOf(document, signed), text);
            if (here.Contains(document.VmUuid)) WriteUnlessThere(document.VmUuid);
            return null;
        }
        catch (ContractException e)
        {
            return e.Message;
        }
    }

    /// <summary>What was asked for could not be done; it is asked for again.</summary>
    public void WriteFailed(string vmUuid, string why)
    {
        if (_asked.ContainsKey(vmUuid)) _failed[vmUuid] = why;
    }

    // Another sequence alone is no reason: the document inside says when what it says was last changed. A newer one of the same installation
    // came here with the VM, and what is wanted is from an earlier stay.
    private void WriteUnlessThere(string uuid)
    {
        if (!_wanted.TryGetValue(uuid, out var wanted) || wanted.Text is not { } text) return;
        var inside = Inside(uuid);
        var newer = inside?.Document is { } document && document.Installation == wanted.Document.Installation && document.Sequence > wanted.Document.Sequence;
        if (newer || inside?.Content == wanted.Content)
        {
            Settled(uuid);
            return;
        }
        // Asked once, it needs time; and if libvirt refuses, it is not asked without a pause.
        var now = Environment.TickCount64;
        if (_asked.TryGetValue(uuid, out var asked) && asked.Text == text && now - asked.At < AgainAfterMs) return;
        _asked[uuid] = (text, now);
        Write(uuid, text);
    }

    private void Settled(string uuid)
    {
        _asked.Remove(uuid);
        _failed.Remove(uuid);
    }

    /// <param name="Content">As <see cref="PolicyInside.Content"/>.</param>
    /// <param name="Text">Null = too large.</param>
    private sealed record Wanted(VmDocument Document, string Content, string? Text);
}
