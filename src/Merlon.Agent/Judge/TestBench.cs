using Merlon.Agent.Sync;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Events;
using Merlon.Datapath.Links;
using Merlon.Policy.Model;

namespace Merlon.Agent.Judge;

/// <summary>The real program with pins of its own, on no interface: two ports stand for whichever vNICs are asked about.</summary>
internal sealed class TestBench : IDisposable
{
    private readonly KernelDatapath _datapath;
    private readonly EventReader _events;
    private readonly MerlonEvent[] _buffer = new MerlonEvent[256];
    private readonly List<(ushort Segment, MacAddress Mac)> _macs = [];
    private uint _numbers;
    private ushort _segment;

    public TestBench(string objectPath, string folder)
    {
        (Source, Destination) = TwoInterfaces();
        _datapath = KernelDatapath.Open(new(objectPath, folder, Connections4: 1024, Connections6: 1024, HalfOpen: 32768, RingBytes: 1 << 17) { Alone = true });
        _events = _datapath.OpenEvents();
    }

    /// <summary>The program asks for an interface that exists; it is never attached there.</summary>
    public int Source { get; }
    public int Destination { get; }

    public void Commit(HostPlan plan) => _datapath.Images.Commit(plan.Image.Words.AsSpan(), plan.Bind(), plan.RuleIds.AsSpan());

    public ulong Hits(uint rule) => _datapath.Counters.RuleHits(rule) is var hits ? hits.Decided + hits.Would : 0;

    /// <summary>A segment where no connection was ever: every packet is the first one.</summary>
    public void FreshSegment()
    {
        foreach (var (segment, mac) in _macs) _datapath.Macs.Remove(segment, mac);
        _macs.Clear();
        _segment = (ushort)(_segment == ushort.MaxValue ? 1 : _segment + 1);
    }

    /// <summary>Puts a vNIC behind an interface, under a number that no event or entry has yet.</summary>
    /// <param name="reachable">Its MAC is known on the segment: from_vm leaves the entry to its to_vm.</param>
    public uint Place(NicPlan nic, int ifindex, bool reachable)
    {
        var vnic = ++_numbers;
        _datapath.Ports.Set(ifindex, new PortRecord
        {
            Vnic = vnic,
            Incarnation = vnic,
            Slot = nic.Slot,
            Segment = _segment,
            Realm = nic.Realm,
            Vm = nic.Budget,
            Mac = MacBytes.From(nic.Mac),
        });
        foreach (var address in nic.Addresses) _datapath.Owners.Set(nic.Realm, address, vnic);
        _datapath.Budgets.SetLimits(nic.Budget, uint.MaxValue / 2, uint.MaxValue / 2);
        if (!reachable) return vnic;
        _datapath.Macs.Set(_segment, nic.Mac, ifindex, vnic);
        _macs.Add((_segment, nic.Mac));
        return vnic;
    }

    /// <summary>Runs one hook; the events are those that name <paramref name="vnic"/>.</summary>
    public (HookTrace Said, IReadOnlyList<MerlonEvent> Events) Run(string program, byte[] frame, int ifindex, uint vnic)
    {
        var said = _datapath.Tests.Trace(program, frame, ifindex);
        var events = new List<MerlonEvent>();
        for (int taken; (taken = _events.Drain(_buffer)) > 0;)
            events.AddRange(_buffer.Take(taken).Where(e => (e.SourceVnic == vnic || e.DestinationVnic == vnic) && e.Type != EventType.Close));
        return (said, events);
    }

    public void Dispose()
    {
        _events.Dispose();
        _datapath.Remove();
        _datapath.Dispose();
    }

    private static (int, int) TwoInterfaces()
    {
        var links = LinkTable.List();
        return links.Count >= 2
            ? (links[0].Ifindex, links[1].Ifindex)
            : throw new AgentFault("one-interface", "judge needs two network interfaces to name and finds one", "ip link add merlon-judge type dummy");
    }
}
