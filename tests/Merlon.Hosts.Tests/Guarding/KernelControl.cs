using System.Text.Json;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Policy.Model;

namespace Merlon.Hosts.Tests.Guarding;

/// <summary>A test's own look at an instance's pinned maps, and its switch for the handoff.</summary>
public sealed class KernelControl(string bpffs) : IDisposable
{
    private readonly KernelDatapath _datapath = KernelDatapath.Open(new DatapathOptions(Repository.Object, bpffs));

    /// <summary>Generation in force, read from shared memory.</summary>
    public uint Generation => _datapath.Control.Generation;

    /// <summary>How often a packet found its side of a connection not approved under the present policy.</summary>
    public ulong Rejudged => _datapath.Counters[Counter.Rejudged];

    /// <summary>Packets that were dropped so far, by reason.</summary>
    public IReadOnlyDictionary<Reason, ulong> Drops() => _datapath.Counters.Drops();

    /// <summary>Packets that were dropped for a reason so far.</summary>
    public ulong Drops(Reason reason) => _datapath.Counters.Drops(reason);

    public ulong EventsSent => _datapath.Counters[Counter.EventsSent];

    public int Ports => _datapath.Ports.List().Count;

    /// <summary>Makes every port count as one whose VM has spoken here.</summary>
    public void AwaitNobody()
    {
        foreach (var (ifindex, port) in _datapath.Ports.List().Where(p => p.Value.Awaited != 0)) _datapath.Ports.Set(ifindex, port with { Awaited = 0 });
    }

    public int ClosedPorts => _datapath.Ports.List().Values.Count(p => p.Flags.HasFlag(PortFlags.Closed));

    /// <summary>Takes an address away from its vNIC; the agent gives it back at the next change only.</summary>
    public void Disown(Address address)
    {
        foreach (var owned in _datapath.Owners.List().Where(o => o.Address == address)) _datapath.Owners.Remove(owned.Realm, owned.Address);
    }

    /// <summary>Live connections.</summary>
    public IReadOnlyList<ConnectionEntry> List() => _datapath.Connections.List();

    /// <summary>Whether the map itself still holds a connection of this port, live or not, as another program reads it.</summary>
    public bool HasElement(string map, int port)
    {
        using var dump = JsonDocument.Parse(Shell.Run("bpftool", "-j", "map", "dump", "pinned", Path.Combine(bpffs, "maps", map)).Ok());
        // An element that left while bpftool read it stands there without a value.
        return dump.RootElement.EnumerateArray().Where(e => e.TryGetProperty("formatted", out _)).Select(e => e.GetProperty("formatted").GetProperty("key"))
            .Any(key => Port(key, "port_a") == port || Port(key, "port_b") == port);
    }

    public void DisableHandoff() => _datapath.Control.Flags |= ControlFlags.NoHandoff;

    public void Dispose() => _datapath.Dispose();

    // Network order in the map.
    private static int Port(JsonElement key, string name) => System.Net.IPAddress.NetworkToHostOrder((short)key.GetProperty(name).GetInt32()) & 0xffff;
}
