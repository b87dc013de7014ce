using System.Globalization;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;

namespace Merlon.Kernel.Tests.Topologies;

/// <summary>A host with two bridges, which its own stack routes between: 10.9.0.0/16 behind br0, 10.10.0.0/16 behind br1. Guests with real
/// stacks, each interface guarded.</summary>
internal sealed class TopologyPlace : IDisposable
{
    private readonly GuestHost _host = new('p');

    /// <param name="vms">Lines of an inventory's vms; every one of them may reach and be reached by everybody.</param>
    /// <param name="spoof">What a Guard that binds all of them says of antiSpoof.</param>
    public TopologyPlace(string vms, string spoof = "{}")
    {
        foreach (var (bridge, address) in new[] { ("br0", "10.9.0.254/16"), ("br1", "10.10.0.254/16") })
        {
            _host.AddBridge(bridge, "mcast_snooping", "0");
            Host.Ip("addr", "add", address, "dev", bridge);
        }
        Host.BridgePastFilters();
        Shell.Run("nsenter", $"--net={Host.Path}", "sysctl", "-qw", "net.ipv4.ip_forward=1").Ok();
        World = new($$$"""
            apiVersion: merlon/v1
            kind: Inventory
            metadata: {name: all}
            spec:
              vms:
            {{{vms}}}
            ---
            apiVersion: merlon/v1
            kind: Guard
            metadata: {name: all}
            spec: {action: guard, select: [any], antiSpoof: {{{spoof}}}}
            ---
            apiVersion: merlon/v1
            kind: Policy
            metadata: {name: all, tenant: shop}
            spec: {tier: tenant, rules: [{name: all, from: [any], to: [any], services: [any], action: allow}]}
            """);
    }

    public NetNamespace Host => _host.Namespace;
    public World World { get; }

    /// <summary>A guest whose first interface is guarded as the VM's of that name. Its MAC is 52:54:00:00:00:NN.</summary>
    public Guest Add(string name, int number, string bridge = "br0", string? address = null)
    {
        var guest = _host.AddGuest(number, name, bridge);
        if (address is not null)
        {
            guest.Namespace.Ip("-4", "addr", "flush", "dev", "eth0");
            guest.Namespace.Ip("addr", "add", address, "dev", "eth0");
        }
        Guard(World.Ports.Values.Single(p => p.Vm == name && p.Key.Index == 0), guest.Ifname);
        return guest;
    }

    /// <summary>A second interface, eth1, guarded as the VM's with that index.</summary>
    public void AddNic(Guest guest, string mac, string bridge, string address)
    {
        var ifname = guest.Ifname + "x";
        Host.Ip("link", "add", ifname, "type", "veth", "peer", "name", "eth1", "netns", guest.Namespace.Name);
        Host.Ip("link", "set", ifname, "master", bridge, "up");
        guest.Namespace.Ip("link", "set", "eth1", "address", mac, "up");
        guest.Namespace.Ip("addr", "add", address, "dev", "eth1");
        Guard(World.Ports.Values.Single(p => p.Vm == guest.Name && p.Key.Index == 1), ifname);
    }

    /// <summary>Ten echoes, all answered, or it throws.</summary>
    public static void Ping(Guest from, string to, params string[] options) =>
        from.Run(["busybox", "ping", "-c", "10", "-i", "0.02", "-W", "2", .. options, to]).Ok();

    /// <summary>Every echo session: segment, whose the ends are (- = nobody's here), packets each way.</summary>
    public string[] Sessions() => [.. World.Kernel.Connections.List().Where(e => e.Proto == 1)
        .Select(e => $"segment {e.Segment}: {Name(e.SourceVnic)} {e.Source} > {Name(e.DestinationVnic)} {e.Destination} {e.PacketsOut}/{e.PacketsBack}").Order(StringComparer.Ordinal)];

    /// <summary>What was dropped, but flooded copies.</summary>
    public string Drops() => string.Join(", ", World.Losses().Select(d => $"{d.Key} {d.Value}"));

    /// <summary>Frames with an echo in them that a hook of an interface saw, by a capture.</summary>
    public static string Hooks(IEnumerable<(string Name, CaptureRecord Frame)> frames) => string.Join(", ", frames.GroupBy(f => $"{f.Name} {(f.Frame.In == 0 ? "from_vm" : "to_vm")}")
        .OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key} {g.Count()}"));

    /// <summary>Runs something while every guarded interface is captured; the frames with ICMP in them, each with its interface.</summary>
    public IReadOnlyList<(string Name, CaptureRecord Frame)> Captured(Action what)
    {
        foreach (var name in World.Ports.Keys.ToArray()) World.ChangePort(name, p => p with { Flags = PortFlags.Captured });
        using var reader = World.Kernel.OpenCapture();
        what();
        return [.. World.All(reader).Where(r => r.Captured > 34 && r.Frame[12] == 8 && r.Frame[13] == 0 && r.Frame[23] == 1).Select(r => (Name(r.Vnic), r))];
    }

    public void Dispose() => _host.Dispose();

    private void Guard(Port port, string ifname) => _host.Guard(World, World.Ports.Single(p => p.Value.Key == port.Key).Key, ifname);

    private string Name(uint vnic) => World.Ports.Values.SingleOrDefault(p => p.Record.Vnic == vnic) is { } port
        ? string.Create(CultureInfo.InvariantCulture, $"{port.Vm}/{port.Key.Index}") : "-";
}
