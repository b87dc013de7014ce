namespace Merlon.Hosts.Tests.Guarding;

/// <summary>The manifests that these tests apply.</summary>
public static class Manifests
{
    /// <summary>Tenants shop and rival, every vNIC guarded, nothing allowed.</summary>
    public static string Frame { get; } = FrameWith(rivalOut: "deny");

    /// <summary>The same with rival's default for what its VMs send.</summary>
    public static string FrameWith(string rivalOut) => $$$"""
        apiVersion: merlon/v1
        kind: Tenant
        metadata: {name: shop}
        spec: {default: {out: deny, in: deny}}
        ---
        apiVersion: merlon/v1
        kind: Tenant
        metadata: {name: rival}
        spec: {default: {out: {{{rivalOut}}}, in: deny}}
        ---
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: all}
        spec: {action: guard, select: [any], log: all, trustMetadata: true}

        """;

    /// <summary>Shop's VMs reach each other on these services.</summary>
    public static string Open(params string[] services) => OpenWithin("shop", services);

    /// <summary>A tenant's VMs reach each other on these services.</summary>
    public static string OpenWithin(string tenant, params string[] services) => $$$"""
        apiVersion: merlon/v1
        kind: Group
        metadata: {name: all, tenant: {{{tenant}}}}
        spec: {select: {}}
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: open, tenant: {{{tenant}}}}
        spec:
          tier: tenant
          rules:
          - {name: open, from: [group/all], to: [group/all], services: [{{{string.Join(", ", services)}}}], action: allow}

        """;

    /// <summary>Shop's VMs and everybody reach each other on everything.</summary>
    public const string OpenAll = """
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: open, tenant: shop}
        spec: {rules: [{name: open, from: [any], to: [any], services: [any], action: allow}]}

        """;

    /// <summary>VM a may send only to UDP port <paramref name="outPort"/>, VM b may receive only on <paramref name="inPort"/>.</summary>
    public static string OutIn(int outPort, int inPort) => Sides([$"udp/{outPort}"], [$"udp/{inPort}"]);

    /// <summary>What VM a may send, and what VM b may receive. Without appliesTo each rule would also be judged at the other
    /// end: any includes b, and b is the tenant's own.</summary>
    public static string Sides(IEnumerable<string> outOfA, IEnumerable<string> intoB) => $$"""
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: sides, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: out, from: [vm/a], to: [any], services: [{{string.Join(", ", outOfA)}}], appliesTo: [vm/a], action: allow}
          - {name: in, from: [any], to: [vm/b], services: [{{string.Join(", ", intoB)}}], appliesTo: [vm/b], action: allow}

        """;

    /// <summary>Shop's VMs with the label role: web reach VM b on any port of TCP and UDP.</summary>
    public const string WebToB = """
        apiVersion: merlon/v1
        kind: Group
        metadata: {name: web, tenant: shop}
        spec: {select: {labels: {role: web}}}
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: web-b, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: web-b, from: [group/web], to: [vm/b], services: [tcp, udp], action: allow}

        """;
}
