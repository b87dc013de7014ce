using Merlon.Datapath;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>Two guarded VMs on one bridge and the world outside; what most tests need.</summary>
public sealed class Shop : World
{
    public const string Manifest = """
        apiVersion: merlon/v1
        kind: Inventory
        metadata: {name: all}
        spec:
          vms:
          - {name: web, tenant: shop, labels: {tier: web}, nics: [{mac: 52:54:00:00:00:01, network: br0, addresses: [10.0.0.1, "fd00::1"]}]}
          - {name: db, tenant: shop, labels: {tier: db}, nics: [{mac: 52:54:00:00:00:02, network: br0, addresses: [10.0.0.2, "fd00::2"]}]}
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: app, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: web-db, from: [vm/web], to: [vm/db], services: [tcp/80, udp/80, udp/53, sctp/80, service/ping, proto/47], action: allow}
          - {name: web-out, from: [vm/web], to: [any], services: [tcp/443, udp/443, service/ping], action: allow}
          - {name: in, from: [cidr/192.0.2.0/24, "cidr/2001:db8::/32"], to: [vm/db], services: [tcp/8080, udp/8080], action: allow}
          - {name: many, from: [vm/web], to: [cidr/224.0.0.0/4, "cidr/ff00::/8"], services: [udp/5353], action: allow}
          - {name: no-ssh, from: [any], to: [vm/db], services: [tcp/22], action: reject}
        """;

    public static readonly MacAddress Router = new(0x525400000099);
    public static readonly Address OutsideV4 = Address.Parse("192.0.2.7");
    public static readonly Address OutsideV6 = Address.Parse("2001:db8::7");

    public Shop() : this("") { }

    /// <summary>A Guard under which both VMs may tag, and speak as somebody else.</summary>
    private const string Trunk = """
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: trunk}
        spec: {action: guard, select: [any], vlans: [10, 20-29], etherTypes: [0x88cc],
          antiSpoof: {addresses: [10.0.0.128/25, 10.0.0.129, "fd00::8000/113", "fd00::8001"], macs: ["52:54:00:00:00:81", "52:54:00:00:00:41"]}}
        """;

    internal Shop(bool trunk) : this(trunk ? Trunk : "") { }

    /// <param name="more">Documents beside the manifest; empty = none.</param>
    /// <param name="options">Sizes, as in <see cref="World"/>.</param>
    internal Shop(string more, DatapathOptions? options = null) : base(more.Length > 0 ? $"{Manifest}\n---\n{more}" : Manifest, options) { }

    public Port Web => this["web"];

    public Port Db => this["db"];
}
