namespace Merlon.Hosts.Tests.BadInput;

/// <summary>The mistakes that people make in manifests, by name.</summary>
public static class BadCases
{
    public static readonly IReadOnlyDictionary<string, BadCase> All = new Dictionary<string, BadCase>
    {
        ["malformed YAML"] = new(
            [Group("yaml") + "---\napiVersion: merlon/v1\nkind: Group\nmetadata: {name: torn, tenant§yaml-syntax§: shop\nspec: {select: {}}\n"],
            [Group("yaml") + "---\n" + Group("torn")]),
        ["an unknown field"] = One("field", "udp/7301, action: allow, §unknown-field§acton: deny", "udp/7301, action: allow"),
        ["an unknown group"] = new(
            [Policy("nogroup", "from: [§unknown-group§group/al], to: [group/all], services: [udp/7302], action: allow")],
            [Policy("nogroup", "from: [group/all], to: [group/all], services: [udp/7302], action: allow")]),
        ["host bits in a CIDR"] = new(
            [Policy("bits", "from: [§host-bits-set§cidr/10.9.0.1/16], to: [group/all], services: [udp/7303], action: allow")],
            [Policy("bits", "from: [cidr/10.9.0.0/16], to: [group/all], services: [udp/7303], action: allow")]),
        ["port 70000"] = One("port", "§bad-port§udp/70000, action: allow", "udp/7000, action: allow"),
        ["a name twice in one file"] = new(
            [Group("twice") + "---\n§duplicate-name§" + Group("twice")], [Group("twice") + "---\n" + Group("twice-b")]),
        ["a name twice in two files"] = new(
            [Group("across"), "# the same again\n§duplicate-name§" + Group("across")], [Group("across"), Group("across-b")]),
        ["a rule over the class limit"] = new(
            [Policy("wide", $"from: [group/all], to: [group/all], services: [{Ports(65536)}], action: allow").Replace("- {name: wide", "- §limit§{name: wide", StringComparison.Ordinal)],
            [Policy("wide", "from: [group/all], to: [group/all], services: [tcp, udp/1-7200], action: allow")]),
        ["one bad document among 20 good ones"] = new(
            [Twenty("§bad-value§alow")], [Twenty("allow")]),
        ["errors of every sort at once"] = new(
            ["apiVersion: merlon/v1\nkind: §bad-kind§Grop\nmetadata: {name: x, tenant: shop}\nspec: {select: {}}\n---\n"
                + Policy("many", "from: [§bad-reference§web], to: [§host-bits-set§cidr/10.0.0.1/8], services: [§bad-port§tcp/70000, §bad-service§http], action: allow")],
            [Group("x") + "---\n" + Policy("many", "from: [group/all], to: [cidr/10.0.0.0/8], services: [tcp/7000, tcp/80], action: allow")]),
        ["an empty file"] = new(["§no-documents§# nothing here\n"], [Group("something")]),
        ["an inventory"] = new(
            ["§inventory-not-stored§apiVersion: merlon/v1\nkind: Inventory\nspec: {vms: []}\n"], [Group("no-inventory")]),
        ["another tenant's right"] = new(
            ["§tenant-not-allowed§apiVersion: merlon/v1\nkind: Guard\nmetadata: {name: mine, tenant: shop}\nspec: {action: exclude, select: [any]}\n"],
            [Group("no-guard")]),
    };

    private static string Group(string name) => $"apiVersion: merlon/v1\nkind: Group\nmetadata: {{name: {name}, tenant: shop}}\nspec: {{select: {{}}}}\n";

    private static string Policy(string name, string rule) => $$"""
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: {{name}}, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: {{name}}, {{rule}}}

        """;

    private static BadCase One(string name, string bad, string corrected) => new([Rule(name, bad)], [Rule(name, corrected)]);

    private static string Rule(string name, string end)
    {
        var comma = end.IndexOf(',', StringComparison.Ordinal);
        return Policy(name, $"from: [group/all], to: [group/all], services: [{end[..comma]}]{end[comma..]}");
    }

    /// <summary>Every port apart: each is a service class of its own, which takes more than a host has.</summary>
    private static string Ports(int count) => string.Join(", ", Enumerable.Range(0, count).Select(n => n < 32768 ? $"tcp/{n * 2}" : $"udp/{(n - 32768) * 2}"));

    private static string Twenty(string action) => string.Join("---\n", Enumerable.Range(1, 20).Select(n => Group($"g{n}"))
        .Append(Rule("last", $"udp/7304, action: {action}")));
}
