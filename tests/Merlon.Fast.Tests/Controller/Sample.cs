using Merlon.Contracts.Wire;

namespace Merlon.Fast.Tests.Controller;

/// <summary>Two hosts, a tenant on each, and what their agents say.</summary>
internal static class Sample
{
    public const string HostA = "00000000-0000-4000-8000-00000000000a";
    public const string HostB = "00000000-0000-4000-8000-00000000000b";

    /// <summary>Guards every VM and believes what its metadata says.</summary>
    public const string Guard = """
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: all}
        spec: {action: guard, select: [any], trustMetadata: true}

        """;

    /// <summary>A policy of <paramref name="tenant"/> that lets its VMs talk on one port.</summary>
    public static string Open(string tenant, int port, string name = "open") => $$"""
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: {{name}}, tenant: {{tenant}}}
        spec: {rules: [{name: open, from: [any], to: [any], services: [tcp/{{port}}], action: allow}]}

        """;

    public static string Group(string tenant, string name, string spec = "{select: {}}") => $$"""
        ---
        apiVersion: merlon/v1
        kind: Group
        metadata: {name: {{name}}, tenant: {{tenant}}}
        spec: {{spec}}

        """;

    public static VmInfo Vm(int number, string tenant, params string[] addresses) => new()
    {
        Uuid = $"10000000-0000-4000-8000-{number:d12}",
        Name = $"vm-{number}",
        Tenant = tenant,
        Running = true,
        Nics = { new NicInfo { Index = 0, Mac = $"52:54:00:00:00:{number:x2}", Network = "br0", Ifname = $"vnet{number}", Addresses = { addresses } } },
    };

    public static FlowRecordMessage Flow(int number, string address = "10.8.0.5") => new()
    {
        StartUnixMs = 1_800_000_000_000 + number,
        EndUnixMs = 1_800_000_000_000 + number,
        Event = "deny",
        Verdict = "deny",
        Reason = "default",
        Source = new() { Address = address },
        Destination = new() { Address = "10.8.0.6" },
        Protocol = 6,
        SourcePort = 40000,
        DestinationPort = (uint)number,
        InRule = "default",
        PacketsOut = 1,
        BytesOut = 60,
        Direction = "in",
        Segment = "br0",
    };
}
