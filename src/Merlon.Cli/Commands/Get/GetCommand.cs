using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using Merlon.Cli.Clients;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands.Get;

/// <summary>merlon get: lists of what the controller and the agent know.</summary>
internal static class GetCommand
{
    public static Command Create(Names names) => new Verb("get", "List VMs, groups, policies, connections …", "merlon get vm", "merlon get rule -o json", "merlon get connection --vm web-1")
    {
        Kind("vm", "Virtual machines, and whether they are guarded", "/v1/vms", ApiJson.Default.IReadOnlyListVmRecord, v => [v.Name, v.Uuid], Tables.Vms, names.CompleteVms, VmOfVnet),
        Kind("address", "Addresses of VMs, declared and learned; NAME may be a VM", "/v1/addresses", ApiJson.Default.IReadOnlyListAddressRecord, a => [a.Address, a.Vm, a.VmUuid], Tables.Addresses, names.CompleteVms),
        Kind("group", "Groups and their present members", "/v1/groups", ApiJson.Default.IReadOnlyListGroupRecord, g => [g.Name, $"{g.Tenant}/{g.Name}"], Tables.Groups, names.CompleteGroups),
        Kind("policy", "Applied policies", "/v1/policies", ApiJson.Default.IReadOnlyListPolicyRecord, p => [p.Name, $"{p.Tenant}/{p.Name}"], Tables.Policies, names.CompletePolicies),
        Kind("rule", "Rules with their hits; NAME may be a policy", "/v1/rules", ApiJson.Default.IReadOnlyListRuleRecord, RuleNames, Tables.Rules, names.CompletePolicies),
        Kind("host", "Hosts and their agents", "/v1/hosts", ApiJson.Default.IReadOnlyListHostRecord, h => [h.Name, h.Uuid], Tables.Hosts),
        Kind("revision", "Committed revisions; NAME may be a tenant", "/v1/revisions", ApiJson.Default.IReadOnlyListRevisionRecord, r => [$"{r.Tenant}@{r.Revision}", r.Tenant], Tables.Revisions),
        Kind("document", "Stored documents", "/v1/documents", ApiJson.Default.IReadOnlyListDocumentRecord, d => [d.Ref, d.Name, $"{d.Kind}/{d.Name}"], Tables.Documents, names.CompleteDocuments),
        HostLists.Nics(names),
        HostLists.Connections(names),
        HostLists.Migrations(),
    };

    private static Verb Kind<T>(
        string noun, string description, string path, JsonTypeInfo<IReadOnlyList<T>> type, Func<T, string[]> called,
        Action<Call, IReadOnlyList<T>> table, Action<Argument>? complete = null, Func<T, string[]>? alsoCalled = null)
    {
        var name = new Argument<string?>("NAME") { Description = $"Only this {noun}", Arity = ArgumentArity.ZeroOrOne };
        complete?.Invoke(name);
        var verb = new Verb(noun, description, $"merlon get {noun}", $"merlon get {noun} -o json") { name };
        return verb.Runs(async (call, cancel) =>
        {
            using var api = Controller.Connect(call);
            var records = await api.Get(path, type, cancel);
            if (call.Get(name) is { } wanted) records = Only(records, wanted, noun, r => [.. called(r), .. alsoCalled?.Invoke(r) ?? []]);
            call.Print(records, type, r => table(call, r));
            return ExitCode.Ok;
        });
    }

    private static T[] Only<T>(IReadOnlyList<T> records, string wanted, string noun, Func<T, string[]> names)
    {
        T[] found = [.. records.Where(r => names(r).Contains(wanted, StringComparer.OrdinalIgnoreCase))];
        return found.Length > 0 ? found : throw new CliException($"no {noun} '{wanted}'", $"see 'merlon get {noun}'", ExitCode.NotFound);
    }

    private static string[] VmOfVnet(VmRecord vm) => [$"{vm.Tenant}/{vm.Name}", .. vm.Nics.Select(n => n.Ifname).OfType<string>()];

    /// <summary>tenant/policy/rule@7 is found by itself, without its revision, by tenant/policy and by policy.</summary>
    private static string[] RuleNames(RuleRecord rule)
    {
        var plain = rule.Rule.Split('@')[0];
        var parts = plain.Split('/');
        return parts.Length == 3 ? [rule.Rule, plain, $"{parts[0]}/{parts[1]}", parts[1]] : [rule.Rule, plain];
    }
}
