using System.Text;
using Google.Protobuf;
using Merlon.Agent.Guests;
using Merlon.Agent.Sync;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Migration;

/// <summary>Policies that came here inside VMs, beside the controller's: in force for VMs that its policy does not name, or names as they were
/// before. On disk in <c>vm-policies</c>: <c>UUID.bin</c> signed as it came, <c>UUID.deny</c> for a VM whose document does not count.</summary>
internal sealed class CarriedPolicies(string folder, Func<TrustList> trust)
{
    private readonly string _folder = Path.Combine(folder, "vm-policies");
    private readonly SortedDictionary<string, (HostPolicy Policy, VmDocument? Document, string? Refused)> _all = new(StringComparer.Ordinal);

    /// <summary>VMs whose document does not count, each with why.</summary>
    public IEnumerable<(string VmUuid, string Why)> Refused => _all.Where(p => p.Value.Refused is not null).Select(p => (p.Key, p.Value.Refused!));

    public bool IsEmpty => _all.Count == 0;

    public IReadOnlyCollection<string> Vms => _all.Keys;

    public bool Has(string vmUuid) => _all.ContainsKey(vmUuid);

    /// <summary>A document of the same installation that is as new or newer is here already.</summary>
    public bool IsNotOlder(VmDocument document) => _all.GetValueOrDefault(document.VmUuid).Document is { } here
        && here.Installation == document.Installation && here.Sequence >= document.Sequence;

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
            _all[document.VmUuid] = (document.Policy, document, null);
        }
        catch (ContractException e)
        {
            _all[said.VmUuid] = (DenyAll(said.Policy), null, e.Message);
        }
    }

    private void LoadDenied(string vmUuid, string[] text) =>
        _all.TryAdd(vmUuid, (HostPolicyMessages.FromMessage(HostPolicyMessage.Parser.ParseFrom(Convert.FromBase64String(text[0]))), null, text[1]));

    public void Adopt(VmDocument document, byte[] signed)
    {
        Directory.CreateDirectory(_folder);
        DurableFile.Write(FileOf(document.VmUuid, "bin"), signed);
        File.Delete(FileOf(document.VmUuid, "deny"));
        _all[document.VmUuid] = (document.Policy, document, null);
    }

    /// <summary>Nothing passes at any interface of the guest.</summary>
    public void Deny(Guest guest, string why)
    {
        var policy = DenyAll(guest);
        Directory.CreateDirectory(_folder);
        DurableFile.Write(FileOf(guest.Uuid, "deny"), Encoding.UTF8.GetBytes($"{Convert.ToBase64String(HostPolicyMessages.ToMessage(policy).ToByteArray())}\n{why}"));
        File.Delete(FileOf(guest.Uuid, "bin"));
        _all[guest.Uuid] = (policy, null, why);
    }

    /// <summary>False when there was none.</summary>
    public bool Drop(string vmUuid)
    {
        if (!_all.Remove(vmUuid)) return false;
        foreach (var kind in new[] { "bin", "deny" }) File.Delete(FileOf(vmUuid, kind));
        return true;
    }

    /// <summary>Those that the host's policy makes needless: it names the VM and is not older, or is another installation's.</summary>
    public IReadOnlyList<string> OutdatedBy(HostPolicy host, string? installation)
    {
        var named = host.Nics.Select(n => host.Endpoints[n.Endpoint].Key.VmUuid).ToHashSet();
        return [.. _all.Where(p => named.Contains(p.Key) && (p.Value.Document is not { } d || d.Installation != installation || d.Sequence <= host.Sequence)).Select(p => p.Key)];
    }

    /// <summary>The host's policy with all of these in it.</summary>
    public HostPolicy Join(HostPolicy host) => _all.Values.Aggregate(host, (all, own) => VmPolicy.Join(all, own.Policy));

    private static HostPolicy DenyAll(Guest guest)
    {
        var nics = guest.Nics.Where(n => n.CannotGuard is null).OrderBy(n => n.Index).ToList();
        return DenyAll(HostPolicy.Empty with
        {
            Endpoints = [.. nics.Select(n => new PolicyEndpoint(new(guest.Uuid, n.Index), guest.Name, "", InventoryNic.DefaultRealm, []))],
            Nics = [.. nics.Select((n, i) => new PolicyNic(i, MacAddress.TryParse(n.Mac, out var mac) ? mac : default, n.Network, NicGuard.Default, 0, 1))],
        });
    }

    private static HostPolicy DenyAll(HostPolicy policy) => policy with
    {
        Nics = [.. policy.Nics.Select(n => n with { Guard = NicGuard.Default, OutRules = 0, InRules = 1 })],
        Sets = [],
        RuleLists = [new(Direction.Out, [], RuleAction.Deny), new(Direction.In, [], RuleAction.Deny)],
    };

    private string FileOf(string vmUuid, string kind) => Path.Combine(_folder, $"{vmUuid}.{kind}");
}
