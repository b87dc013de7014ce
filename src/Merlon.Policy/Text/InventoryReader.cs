using System.Collections.Immutable;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

internal sealed class InventoryReader(Findings findings)
{
    private readonly TermReader _terms = new(findings);

    public InventoryDocument? Read(DocumentHead head, YamlNode node)
    {
        if (Fields.Open(node, "an Inventory's spec", findings, "vms") is not { } spec) return null;
        var vms = ImmutableArray.CreateBuilder<InventoryVm>();
        var seen = new HashSet<(string, string)>();
        foreach (var item in spec.List("vms", required: true))
        {
            if (Vm(item, head) is not { } vm) continue;
            if (!seen.Add((vm.Tenant, vm.Name))) findings.Error("duplicate-vm", item.At, $"VM '{vm.Name}' of tenant '{vm.Tenant}' stands twice");
            vms.Add(vm);
        }
        return new(head.Tenant, head.Name, head.Annotations, head.At, vms.ToImmutable());
    }

    private InventoryVm? Vm(YamlNode node, DocumentHead head)
    {
        if (Fields.Open(node, "a VM", findings, "name", "uuid", "host", "tenant", "labels", "nics") is not { } f) return null;
        var name = f.Text("name", required: true);
        if (name is not null && !NameRules.IsForeignName(name)) findings.Error("bad-name", f.Place("name"), $"'{name}' is no VM name");
        var tenant = f.Text("tenant") ?? head.Tenant;
        if (!NameRules.IsName(tenant)) findings.Error("bad-name", f.Place("tenant"), $"'{tenant}' is no tenant name", "expected " + NameRules.Documents);
        var nics = ImmutableArray.CreateBuilder<InventoryNic>();
        foreach (var item in f.List("nics"))
            if (Nic(item, nics.Count) is { } nic) nics.Add(nic);
        return name is null ? null : new(Uuid(f), name, f.Text("host") ?? "", tenant, f.Texts("labels"), nics.ToImmutable());
    }

    private string Uuid(Fields f)
    {
        if (f.Text("uuid") is not { } text) return "";
        if (Guid.TryParseExact(text, "D", out var uuid)) return uuid.ToString("D");
        findings.Error("bad-uuid", f.Place("uuid"), $"'{text}' is no UUID");
        return "";
    }

    private InventoryNic? Nic(YamlNode node, int index)
    {
        if (Fields.Open(node, "a nic", findings, "mac", "network", "realm", "addresses") is not { } f) return null;
        var mac = default(MacAddress);
        if (f.Text("mac", required: true) is { } text && !MacAddress.TryParse(text, out mac))
            findings.Error("bad-mac", f.Place("mac"), $"'{text}' is no MAC address", "expected 52:54:00:00:00:05");
        var network = f.Text("network", required: true) ?? "";
        if (network.Length > 0 && !NameRules.IsForeignName(network)) findings.Error("bad-name", f.Place("network"), $"'{network}' is no network name");
        var realm = f.Text("realm") ?? InventoryNic.DefaultRealm;
        if (!NameRules.IsName(realm)) findings.Error("bad-name", f.Place("realm"), $"'{realm}' is no realm name", "expected " + NameRules.Documents);
        return new(index, mac, network, realm, [.. _terms.Addresses(f, "addresses").Distinct().Order()]);
    }
}
