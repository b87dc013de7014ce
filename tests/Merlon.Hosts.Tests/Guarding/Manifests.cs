namespace Merlon.Hosts.Tests.Guarding;

/// <summary>The manifests that these tests apply.</summary>
public static class Manifests
{
    /// <summary>Tenants shop and rival, every vNIC guarded.</summary>
    public const string Frame = """
        apiVersion: merlon/v1
        kind: Tenant
        metadata: {name: shop}
        spec: {default: {out: deny, in: deny}}
        ---
        apiVersion: merlon/v1
        kind: Tenant
        metadata: {name: rival}
        spec: {default: {out: deny, in: deny}}
        ---
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: all}
        spec: {action: guard, select: [any], log: all, trustMetadata: true}

        """;

    /// <summary>Shop's VMs reach each other on these services.</summary>
    public static string Open(params string[] services) => $$$"""
        apiVersion: merlon/v1
        kind: Group
        metadata: {name: all, tenant: shop}
        spec: {select: {}}
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: open, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: open, from: [group/all], to: [group/all], services: [{{{string.Join(", ", services)}}}], action: allow}

        """;

    /// <summary>VM a may send only to UDP port <paramref name="outPort"/>, VM b may receive only on <paramref name="inPort"/>.
    /// Without appliesTo each rule would also be judged at the other end: any includes b, and b is the tenant's own.</summary>
    public static string OutIn(int outPort, int inPort) => $$"""
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: swap, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: out, from: [vm/a], to: [any], services: [udp/{{outPort}}], appliesTo: [vm/a], action: allow}
          - {name: in, from: [any], to: [vm/b], services: [udp/{{inPort}}], appliesTo: [vm/b], action: allow}

        """;
}
