using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Policy.Compile;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>Asks the real program the questions that the other engines are asked. Each question gets segment numbers of its own,
/// so that no entry of an earlier one answers it.</summary>
public sealed class KernelEngine : IDisposable
{
    // A policy may take 5000 questions, of two segments each, before the next Load.
    private const int LastSegment = 55000;
    private static readonly MacAddress s_router = new(0x5254000000ff);
    private World _world = NewWorld();
    private readonly Dictionary<NicKey, Port> _ports = [];
    private readonly HashSet<NicKey> _trunks = [];
    private readonly Dictionary<uint, RuleRef> _rules = [];
    private PolicySet? _set;
    private VmInventory? _inventory, _oneHost;
    private string _digest = "";
    private long? _at;
    private ushort _segment;

    /// <summary>What the program did and told: the deny, or the opening (two when the packet was routed, one at each end).
    /// None = counted on an earlier record of the same key.</summary>
    /// <param name="Untracked">The hook that decides said that no connection is made.</param>
    /// <param name="WouldDeny">A hook said so, whether or not it made an event.</param>
    public sealed record Answer(bool Passed, string Hook, MerlonEvent[] Told, Func<uint, RuleRef?> Rule, bool Untracked, bool WouldDeny);

    public void Load(PolicySet set, VmInventory inventory)
    {
        if (_segment > LastSegment)
        {
            _world.Dispose();
            (_world, _segment) = (NewWorld(), 0);
        }
        foreach (var port in _ports.Values) _world.Kernel.Ports.Remove(port.Ifindex);
        foreach (var (realm, address, _) in _world.Kernel.Owners.List()) _world.Kernel.Owners.Remove(realm, address);
        foreach (var (segment, mac, _) in _world.Kernel.Macs.List()) _world.Kernel.Macs.Remove(segment, mac);
        _ports.Clear();
        _trunks.Clear();
        (_set, _inventory, _digest, _at) = (set, inventory, "", null);
        _oneHost = new([.. inventory.Vms.Select(v => v with { Host = "" })]);
    }

    /// <summary>Null = neither end is guarded.</summary>
    public Answer? Judge(FlowQuestion q)
    {
        Commit(q.At);
        var parties = FlowParties.Of(_inventory!, q);
        var (from, to) = (PortOf(parties.From), PortOf(parties.To));
        if (from is null && to is null) return null;
        var near = parties.Near(IsTrunk(from), IsTrunk(to));
        Place(from, to, near);
        var packet = Craft(q);
        var toMac = to is not null && near ? to.Mac : s_router;
        HookTrace? left = from is null ? null : Hook("from_vm", from, packet with { SourceMac = from.Mac, DestinationMac = toMac });
        if (left is { Passed: false } || to is null) return Told(left!.Value, left, "from_vm");
        var fromMac = from is not null && near ? from.Mac : s_router;
        return Told(Hook("to_vm", to, packet with { SourceMac = fromMac, DestinationMac = to.Mac }), left, "to_vm");
    }

    private HookTrace Hook(string hook, Port port, Packet packet)
    {
        TestPlace.StayOnOneCpu();
        return _world.Kernel.Tests.Trace(hook, packet.Bytes(), port.Ifindex);
    }

    public void Dispose() => _world.Dispose();

    private static World NewWorld() => new(null, new("", "", 65536, 65536, 65536) { Alone = true });

    // A would-deny of the first hook is no word about the drop at the second.
    private Answer Told(HookTrace last, HookTrace? before, string hook)
    {
        var passed = last.Passed;
        var deciding = last.Reason == Reason.DirectionNotGuarded && before is { } other ? other : last;
        return new(passed, passed ? "" : hook, [.. _world.Events().Where(e => e.Type == (passed ? EventType.Open : EventType.Deny)
                && (passed || e.Verdict != Verdict.WouldDeny) && !e.Flags.HasFlag(EventFlags.Summary))],
            id => _rules.TryGetValue(id, out var rule) ? rule : null, deciding.Reason == Reason.Untracked,
            last.Verdict == Verdict.WouldDeny || before?.Verdict == Verdict.WouldDeny);
    }

    private void Commit(long at)
    {
        if (_at == at) return;
        _at = at;
        var policy = Resolver.Resolve(_set!, _oneHost!, "", 0, at).Policy;
        var image = ImageCompiler.Compile(policy, at).Image!;
        if (image.Digest == _digest) return;
        _digest = image.Digest;
        if (_ports.Count == 0) foreach (var nic in policy.Nics) Add(image, policy.Endpoints[nic.Endpoint], nic);
        var bind = new ulong[AbiLimits.MaxSlots];
        for (var i = 0; i < image.Nics.Length; i++) bind[_ports[image.Nics[i].Key].Record.Slot] = (uint)(i + 1) | 1UL << 32;
        _rules.Clear();
        _rules[AbiLimits.RuleIdDefault] = RuleRef.Default;
        for (var i = 0; i < image.Rules.Length; i++) _rules[AbiLimits.RuleIdFirst + (uint)i] = image.Rules[i];
        _world.Kernel.Images.Commit(Logging(image), bind, [.. image.Rules.Select((_, i) => AbiLimits.RuleIdFirst + (uint)i)]);
    }

    // Every vNIC tells every opening: the test reads rules and reasons from the events.
    private static ulong[] Logging(HostImage image)
    {
        var words = image.Words.ToArray();
        for (var i = 0; i < image.Nics.Length; i++) words[(int)(uint)words[ImageLayout.WordNics] + i * ImageLayout.NicWords] |= ImageLayout.LogAllow;
        return words;
    }

    private void Add(HostImage image, PolicyEndpoint endpoint, PolicyNic nic)
    {
        var record = new PortRecord
        {
            Vnic = (uint)_ports.Count + 1,
            Incarnation = 1,
            Slot = (ushort)_ports.Count,
            Realm = (ushort)image.Realms.IndexOf(endpoint.Realm),
            Mac = MacBytes.From(nic.Mac),
        };
        _ports.Add(endpoint.Key, new(endpoint.Key, endpoint.Vm, TestPlace.Tap(_ports.Count), nic.Mac, [.. endpoint.Addresses], record));
        if (nic.Guard.Frames.IsTrunk) _trunks.Add(endpoint.Key);
        foreach (var address in endpoint.Addresses) _world.Kernel.Owners.Set(record.Realm, address, record.Vnic);
    }

    private bool IsTrunk(Port? port) => port is not null && _trunks.Contains(port.Key);

    private Port? PortOf(VmNic? nic) => nic is null ? null : _ports.GetValueOrDefault(nic.Key);

    private void Place(Port? from, Port? to, bool together)
    {
        var segment = _segment += 2;
        foreach (var port in (Port?[])[from, to])
        {
            if (port is null) continue;
            _world.Kernel.Ports.Set(port.Ifindex, port.Record with { Segment = segment });
            _world.Kernel.Macs.Set(segment, port.Mac, port.Ifindex, port.Record.Vnic);
            if (!together) segment++;
        }
    }

    private const int NeighbourSolicitation = 135;

    private static Packet Craft(FlowQuestion q) => q.Protocol == Protocols.Icmp6 && q.DestinationPort >> 8 == NeighbourSolicitation
        ? Neighbour.Nd(NeighbourSolicitation, default, q.From.Address, q.To.Address, q.To.Address) : First(q);

    private static Packet First(FlowQuestion q) => new(q.From.Address, q.To.Address)
    {
        Proto = q.Protocol,
        SourcePort = Protocols.IsIcmp(q.Protocol) ? 1 : q.SourcePort,
        DestinationPort = q.DestinationPort,
        Flags = Tcp.Syn,
        Data = 4,
        IcmpType = q.Protocol == Protocols.Igmp ? 0x16 : q.DestinationPort >> 8,
        IcmpCode = q.DestinationPort & 255,
    };
}
