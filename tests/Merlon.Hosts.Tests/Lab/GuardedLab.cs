using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Lab;

/// <summary>The lab's VMs with the real agent and controller, for one class of tests; afterwards they are unguarded again.</summary>
public sealed class GuardedLab : IDisposable
{
    private static readonly string[] LabVms = ["web-1", "web-2", "db-1", "intruder", "plain-1"];
    private readonly LabHost _lab;

    public GuardedLab(LabHost lab)
    {
        _lab = lab.Up();
        // What an earlier class's controller signed is of a stranger here.
        foreach (var vm in LabVms)
            Shell.Run("virsh", "-c", lab.Uri, "metadata", vm, "urn:merlon:policy:1", "--remove", "--live", "--config");
        Product = new($"/run/netns/{lab.Namespace}", "g" + lab.Instance, 21000 + Environment.ProcessId % 10000, lab.Uri);
        Product.StartController();
        Product.StartAgent();
        Product.WaitReady();
        Assert.All(LabVms, vm => Assert.Equal((vm, 0), (vm, Programs(vm)))); // nothing of an earlier class is left
    }

    public Product Product { get; }

    /// <summary>Puts lab/policies into force.</summary>
    public void Guard() => Product.Cli("apply", "-f", Path.Combine(Repository.Root, "lab", "policies"), "--wait").Ok();

    /// <summary>The same, but nobody of rival is guarded: the control.</summary>
    public void GuardShopOnly() => Product.Apply("""
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: tenants}
        spec: {action: guard, select: [group/shop/guarded], trustMetadata: true, log: all}
        """);

    /// <summary>merlon lab …, with this controller.</summary>
    public ShellResult Lab(params string[] args)
    {
        var access = JsonSerializer.Deserialize(File.ReadAllText(Product.Paths.ApiFile), ApiJson.Default.ApiAccess)!;
        return Shell.Run(TimeSpan.FromMinutes(3), "env", [$"MERLON_API={access.Url}", $"MERLON_TOKEN={access.Token}", $"MERLON_CA={access.CaFile}",
            Repository.Bin("merlon"), "--instance", _lab.Instance, "lab", .. args]);
    }

    /// <summary>Data of a verb, as JSON.</summary>
    public JsonElement Ask(params string[] args) => JsonDocument.Parse(Product.Cli([.. args, "-o", "json"]).Ok()).RootElement;

    /// <summary>Reasons of what was denied to a VM, or to one that spoke in its name.</summary>
    public HashSet<string> Denied(string vm) =>
        [.. Ask("flows", "--vm", vm, "--verdict", "deny", "--limit", "10000").EnumerateArray().Select(f => f.GetProperty("reason").GetString()!)];

    /// <summary>Addresses that count as a VM's.</summary>
    public IEnumerable<string> Addresses(string vm) => Nic(vm).GetProperty("addresses").EnumerateArray().Select(a => a.GetString()!);

    public JsonElement Nic(string vm) => Ask("get", "vm", vm).EnumerateArray().Single().GetProperty("nics")[0];

    /// <summary>Messages of all alarms of a code.</summary>
    public IEnumerable<string> Alarms(string code)
    {
        var status = Ask("status");
        return status.GetProperty("alarms").EnumerateArray()
            .Concat(status.GetProperty("hosts").EnumerateArray().SelectMany(h => h.TryGetProperty("status", out var s) ? s.GetProperty("alarms").EnumerateArray() : []))
            .Where(a => a.GetProperty("code").GetString() == code).Select(a => a.GetProperty("message").GetString()!).ToList();
    }

    /// <summary>Programs that the kernel runs at a VM's tap.</summary>
    public int Programs(string vm)
    {
        var tap = JsonDocument.Parse(_lab.Cli("status", "-o", "json").Ok()).RootElement.GetProperty("vms").EnumerateArray()
            .Single(v => v.GetProperty("name").GetString() == vm).GetProperty("tap").GetString()!;
        return NetNamespace.Enter(_lab.Namespace, () => BpfCall.Programs(tap));
    }

    public void Dispose() => Product.Dispose();
}
