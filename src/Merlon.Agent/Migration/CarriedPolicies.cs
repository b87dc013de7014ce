using System.Text;
using Google.Protobuf;
using Merlon.Agent.Guests;
using Merlon.Agent.Sync;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Migration;

/// <summary>Policies that came here inside VMs, beside the controller's: in force for VMs that its policy does not name, or names as they were
/// before. On disk in <c>vm-policies</c>: <c>UUID.bin</c> signed as it came, <c>UUID.deny</c> for a VM whose document does not count.</summary>
/// <param name="installation">Of this host's own controller; null = it has none.</param>
internal sealed class CarriedPolicies(string folder, Func<TrustList> trust, Func<string?> installation)
{
    private static readonly string[] s_kinds = ["bin", "deny"];
    private readonly string _folder = Path.Combine(folder, "vm-policies");
    private readonly SortedDictionary<string, Entry> _all = new(StringComparer.Ordinal);

    /// <summary>VMs whose document does not count, each with why.</summary>
    public IEnumerable<(string VmUuid, string Why)> Refused => _all.Where(p => p.Value.Refused is not null).Select(p => (p.Key, p.Value.Refused!));

    public bool IsEmpty => _all.Count == 0;

    public bool Has(string vmUuid) => _all.ContainsKey(vmUuid);

    /// <summary>The document of a VM that is here, verified anew: its signer may have lost its trust. Null when none counts.</summary>
    /// <param name="why">It does not count; null = it does, or there is none.</param>
    public VmDocument? Verified(string vmUuid, out string? why)
    {
        why = null;
        if (!_all.TryGetValue(vmUuid, out var entry)) return null;
        why = entry.Refused;
        if (entry.Document is null) return null;
        try
        {
            using var trusted = trust();
            return VmDocuments.Verify(entry.Signed, trusted);
        }
        catch (ContractException e)
        {
            why = e.Message;
            return null;
        }
    }

    /// <summary>What lies on disk is verified like what arrives: of a signer that has lost its trust meanwhile nothing remains but that the VM is
    /// to be guarded. Throws <see cref="AgentFault"/> for a damaged file, since its VM would be let go.</summary>
    public void Load()
    {
        _all.Clear();
        if (!Directory.Exists(_folder)) return;
        using var trusted = trust();
        foreach (var file in Directory.EnumerateFiles(_folder))
            try
            {
                if (file.EndsWith(".bin", StringComparison.Ordinal)) LoadDocument(File.ReadAllBytes(file), trusted);
                else if (file.EndsWith(".deny", StringComparison.Ordinal)) LoadDenied(Path.GetFileNameWithoutExtension(file), File.ReadAllText(file).Split('\n', 2));
            }
            catch (Exception e) when (e is ContractException or InvalidProtocolBufferException or FormatException or IndexOutOfRangeException)
            {
                throw new AgentFault("state-unreadable", $"{file} is damaged: {e.Message}", "stop its VM, then remove the file");
            }
    }

    private void LoadDocument(byte[] signed, TrustList trusted)
    {
        var said = VmDocuments.Unverified(signed);
        try
        {
            var document = VmDocuments.Verify(signed, trusted);
            _all[document.VmUuid] = new(document.Policy, document, signed, null, 0);
        }
        catch (ContractException e)
        {
            _all[said.VmUuid] = new(DefaultDeny.Of(said.Policy), null, [], e.Message, 0);
        }
    }

    // Beside a document it is what a kill left.
    private void LoadDenied(string vmUuid, string[] text) =>
        _all.TryAdd(vmUuid, new(HostPolicyMessages.FromMessage(HostPolicyMessage.Parser.ParseFrom(Convert.FromBase64String(text[0]))), null, [], text[1], 0));

    public void Adopt(VmDocument document, byte[] signed)
    {
        Directory.CreateDirectory(_folder);
        DurableFile.Write(FileOf(document.VmUuid, "bin"), signed);
        File.Delete(FileOf(document.VmUuid, "deny"));
        _all[document.VmUuid] = new(document.Policy, document, signed, null, Environment.TickCount64);
    }

    /// <summary>Nothing passes at any interface of the guest. Throws <see cref="KernelFault"/> for a guest that no policy can name.</summary>
    public void Deny(Guest guest, string why)
    {
        var message = HostPolicyMessages.ToMessage(DefaultDeny.Of(guest));
        HostPolicy policy;
        try
        {
            policy = HostPolicyMessages.FromMessage(message); // as the next agent reads it
        }
        catch (ContractException e)
        {
            throw new KernelFault($"{why}; and it cannot be denied: {e.Message}", e);
        }
        Directory.CreateDirectory(_folder);
        DurableFile.Write(FileOf(guest.Uuid, "deny"), Encoding.UTF8.GetBytes($"{Convert.ToBase64String(message.ToByteArray())}\n{why}"));
        File.Delete(FileOf(guest.Uuid, "bin"));
        _all[guest.Uuid] = new(policy, null, [], why, Environment.TickCount64);
    }

    /// <summary>False when there was none.</summary>
    public bool Drop(string vmUuid)
    {
        if (!_all.Remove(vmUuid)) return false;
        foreach (var kind in s_kinds) File.Delete(FileOf(vmUuid, kind));
        return true;
    }

    /// <summary>What brings a VM back to how it is now, in memory and on disk.</summary>
    public Action Undo(string vmUuid)
    {
        var before = _all.GetValueOrDefault(vmUuid);
        var files = s_kinds.Select(kind => FileOf(vmUuid, kind)).ToDictionary(f => f, f => File.Exists(f) ? File.ReadAllBytes(f) : null);
        return () =>
        {
            Drop(vmUuid);
            if (before is not null) _all[vmUuid] = before;
            foreach (var (file, bytes) in files)
                if (bytes is not null) DurableFile.Write(file, bytes);
        };
    }

    /// <summary>Those that the host's policy makes needless: it names the VM and is not older, or is another installation's.</summary>
    public IReadOnlyList<string> OutdatedBy(HostPolicy host)
    {
        var named = host.Nics.Select(n => host.Endpoints[n.Endpoint].Key.VmUuid).ToHashSet();
        var own = installation();
        return [.. _all.Where(p => named.Contains(p.Key) && (p.Value.Document is not { } d || d.Installation != own || d.Sequence <= host.Sequence)).Select(p => p.Key)];
    }

    /// <summary>VMs that are not among these, by a list that was asked for after they came.</summary>
    public IReadOnlyList<string> NotAmong(IReadOnlySet<string> vms, long asked) => [.. _all.Where(p => !vms.Contains(p.Key) && p.Value.Came < asked).Select(p => p.Key)];

    /// <summary>The host's policy with all of these in it that it does not make needless.</summary>
    public HostPolicy Join(HostPolicy host)
    {
        var outdated = OutdatedBy(host);
        return _all.Where(p => !outdated.Contains(p.Key)).Aggregate(host, (all, own) => VmPolicy.Join(all, own.Value.Policy));
    }

    private string FileOf(string vmUuid, string kind) => Path.Combine(_folder, $"{vmUuid}.{kind}");

    /// <param name="Document">Null = it does not count, <paramref name="Refused"/> says why.</param>
    /// <param name="Came">By <see cref="Environment.TickCount64"/>; 0 = before this agent.</param>
    private sealed record Entry(HostPolicy Policy, VmDocument? Document, byte[] Signed, string? Refused, long Came);
}
