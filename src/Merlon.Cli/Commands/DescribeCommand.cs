using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Merlon.Cli.Clients;
using Merlon.Cli.Commands.Get;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon describe: everything about one thing.</summary>
internal static class DescribeCommand
{
    public static Command Create(Names names) => new Verb("describe", "Show everything about one VM, policy or group", "merlon describe vm web-1", "merlon describe policy shop/shop-app")
    {
        Kind("vm", "One VM (name, UUID or vnet name)", "merlon describe vm vnet3", names.CompleteVms, Vm),
        Kind("policy", "One policy ([TENANT/]NAME) and its rules", "merlon describe policy shop-app -o json", names.CompletePolicies, Policy),
        Kind("group", "One group ([TENANT/]NAME) and its members", "merlon describe group shop/web", names.CompleteGroups, Group),
    };

    private static Verb Kind(string noun, string description, string example, Action<Argument> complete, Func<Call, JsonHttp, string, CancellationToken, Task> show)
    {
        var name = new Argument<string>("NAME") { Description = $"The {noun}" };
        complete(name);
        return new Verb(noun, description, example) { name }.Runs(async (call, cancel) =>
        {
            using var api = Controller.Connect(call);
            await show(call, api, call.Get(name), cancel);
            return ExitCode.Ok;
        });
    }

    private static async Task Vm(Call call, JsonHttp api, string name, CancellationToken cancel)
    {
        var vm = await api.Get($"/v1/vms/{Uri.EscapeDataString(name)}", ApiJson.Default.VmRecord, cancel);
        call.Print(vm, ApiJson.Default.VmRecord, v =>
        {
            Facts(call, ("Name", v.Name), ("UUID", v.Uuid), ("Tenant", v.Tenant), ("Host", v.Host), ("State", v.State), ("Guarded", v.Guarded),
                ("Labels", Tables.Join(v.Labels.Select(l => $"{l.Key}={l.Value}"))), ("Groups", Tables.Join(v.Groups)));
            foreach (var n in v.Nics)
            {
                call.Out.WriteLine();
                Facts(call, ("NIC", $"{n.Index}"), ("  Interface", n.Ifname), ("  MAC", n.Mac), ("  Network", n.Network), ("  Addresses", Tables.Join(n.Addresses)),
                    ("  Guard", n.Guard), ("  Attached", n.Attached ? "yes" : "no"), ("  Wanted digest", n.DesiredDigest),
                    ("  Kernel digest", n.KernelDigest), ("  Digest inside", n.EmbeddedDigest),
                    ("  Drift", n.Drift is null ? null : n.Drift.Count == 0 ? "none" : Tables.Join(n.Drift)), ("  Problem", n.Problem),
                    ("  Adopts until", n.AdoptsUntil is { } until ? Tables.Time(until) : null));
            }
        });
    }

    private static async Task Policy(Call call, JsonHttp api, string name, CancellationToken cancel)
    {
        var policies = await api.Get("/v1/policies", ApiJson.Default.IReadOnlyListPolicyRecord, cancel);
        var policy = One(policies, name, p => p.Tenant, p => p.Name, "policy");
        var all = await api.Get("/v1/rules", ApiJson.Default.IReadOnlyListRuleRecord, cancel);
        var hosts = (await api.Get("/v1/status", ApiJson.Default.StatusRecord, cancel)).Hosts;
        RuleRecord[] rules = [.. all.Where(r => r.Rule.StartsWith($"{policy.Tenant}/{policy.Name}/", StringComparison.Ordinal))];
        if (call.Format != OutputFormat.Table)
        {
            // One object: the policy's fields and its rules.
            var tree = JsonSerializer.SerializeToNode(policy, ApiJson.Default.PolicyRecord)!.AsObject();
            tree["ruleList"] = JsonSerializer.SerializeToNode(rules, ApiJson.Default.IReadOnlyListRuleRecord);
            tree["tables"] = new JsonObject(hosts.Where(h => h.Tables is not null).Select(h => KeyValuePair.Create(h.Uuid, JsonSerializer.SerializeToNode(h.Tables, ApiJson.Default.TablesRecord))));
            call.Print(tree);
            return;
        }
        Facts(call, ("Name", policy.Name), ("Tenant", policy.Tenant), ("Tier", policy.Tier), ("Priority", $"{policy.Priority}"),
            ("Enforcement", policy.Enforcement), ("Revision", $"{policy.Revision}"), ("Annotations", Tables.Join(policy.Annotations.Select(a => $"{a.Key}={a.Value}"))));
        call.Out.WriteLine();
        Tables.Rules(call, rules);
        Limits(call, hosts);
    }

    /// <summary>What the policies of a host take together: a limit belongs to no one of them.</summary>
    private static void Limits(Call call, IReadOnlyList<HostRecord> hosts)
    {
        if (hosts.All(h => h.Tables is null)) return;
        call.Out.WriteLine();
        var t = new Listing("TABLES OF", "LIMIT", "USED", "OF", "HEADROOM");
        foreach (var host in hosts.Where(h => h.Tables is not null))
            foreach (var (what, used) in Each(host.Tables!).OrderByDescending(l => Share(l.Used)))
                t.Add(host.Name, what, $"{used.Used}", $"{used.Limit}", FormattableString.Invariant($"{100 - Share(used):f0} %"));
        t.WriteTo(call);
    }

    private static (string What, UsedRecord Used)[] Each(TablesRecord t) =>
    [
        ("remote classes", t.RemoteClasses), ("service classes", t.ServiceClasses), ("guarded NICs", t.GuardedNics), ("bytes", t.Bytes), ("cells of one ruleset", t.CellsOfRuleset),
        ("IPv6 prefix lengths", t.Ipv6Lengths), ("realms", t.Realms), ("service combinations", t.ServiceCombos), ("chunks of ports", t.PortChunks), ("rules", t.Rules),
    ];

    private static double Share(UsedRecord used) => 100.0 * used.Used / used.Limit;

    private static async Task Group(Call call, JsonHttp api, string name, CancellationToken cancel)
    {
        var groups = await api.Get("/v1/groups", ApiJson.Default.IReadOnlyListGroupRecord, cancel);
        var group = One(groups, name, g => g.Tenant, g => g.Name, "group");
        call.Print(group, ApiJson.Default.GroupRecord, g =>
            Facts(call, ("Name", g.Name), ("Tenant", g.Tenant), ("VMs", Tables.Join(g.Vms)), ("CIDRs", Tables.Join(g.Cidrs))));
    }

    private static T One<T>(IReadOnlyList<T> records, string wanted, Func<T, string> tenant, Func<T, string> name, string noun)
    {
        T[] found = [.. records.Where(r => name(r) == wanted || $"{tenant(r)}/{name(r)}" == wanted)];
        return found.Length switch
        {
            1 => found[0],
            0 => throw new CliException($"no {noun} '{wanted}'", $"see 'merlon get {noun}'", ExitCode.NotFound),
            _ => throw new CliException($"'{wanted}' is ambiguous: {string.Join(", ", found.Select(r => $"{tenant(r)}/{name(r)}"))}", "name the tenant"),
        };
    }

    private static void Facts(Call call, params (string Name, string? Value)[] facts)
    {
        foreach (var (name, value) in facts)
            call.Out.WriteLine($"{name + ":",-16} {(string.IsNullOrEmpty(value) ? "-" : Printable.Line(value))}");
    }
}
