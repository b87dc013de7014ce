using Merlon.Agent.Guests;
using Merlon.Agent.Sync;
using Merlon.Contracts.Api;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Agent.Judge;

/// <summary>POST /v1/trace: a first packet through the live program, at the hooks that it would meet on this host. It is a packet like any
/// other: counted, logged, and what it opens stays half-open for its time; only the guests never see it.</summary>
internal sealed class TraceDoor(HostKeeper keeper, KernelDatapath datapath)
{
    // Whoever is not here sits behind a router.
    private static readonly MacAddress s_router = new(0x02000000feed);

    // Older kernels let real packets come into the middle of a test run, which uses the same scratch memory ("bpf: Disable bh in
    // bpf_test_run for xdp and tc prog", 6.3).
    private static readonly Version s_whole = new(6, 3);


    /// <summary>On the keeper's mailbox.</summary>
    /// <exception cref="RequestRefused">Neither end is guarded here, or the packet makes no sense.</exception>
    public TraceHops Trace(ExplainPacket packet)
    {
        if (Environment.OSVersion.Version < s_whole)
            throw new RequestRefused("old-kernel", $"this kernel ({Environment.OSVersion.Version}) cannot run a test packet apart from real ones", "boot 6.3 or newer; 'merlon explain' and 'merlon capture' work here");
        var (from, to) = Ends(packet);
        if (from is null && to is null)
            throw new RequestRefused("not-here", "neither end is a guarded vNIC of this host", "ask on the host of one of them; see 'merlon get nic'");
        HookTrace? first = from is null ? null : Run("from_vm", from, packet, from, to);
        if (to is null || first is { Passed: false }) return Told(from, first, to, null);
        return Told(from, first, to, Run("to_vm", to, packet, from, to));
    }

    private (WantedPort? From, WantedPort? To) Ends(ExplainPacket packet)
    {
        if (packet.Protocol is < 0 or > 255 || packet.SourcePort is < 0 or > ushort.MaxValue || packet.DestinationPort is < 0 or > ushort.MaxValue
            || !Address.TryParse(packet.From?.Address, out var source) || !Address.TryParse(packet.To?.Address, out var destination) || source.Family != destination.Family)
            throw new RequestRefused("bad-request", "the body is no packet", "see merlon trace --help");
        var guarded = keeper.Wanted().Where(w => w.Plan is not null).ToList();
        var from = Named(guarded, packet.From!);
        var to = Named(guarded, packet.To!);
        // As explain reads it: a bare address that is somebody's in the other end's realm is that one.
        from ??= packet.From!.VmUuid is null ? Owner(guarded, source, to) : null;
        to ??= packet.To!.VmUuid is null ? Owner(guarded, destination, from) : null;
        return (from, to);
    }

    private static WantedPort? Named(List<WantedPort> guarded, ExplainEnd end) =>
        end is { VmUuid: { } uuid, Nic: { } index } ? guarded.Find(w => w.Plan!.Key == new NicKey(uuid, index)) : null;

    private static WantedPort? Owner(List<WantedPort> guarded, Address address, WantedPort? other) =>
        guarded.Find(w => w.Plan!.Addresses.Contains(address) && (other is null || w.Plan.Realm == other.Plan!.Realm));

    private HookTrace Run(string hook, WantedPort at, ExplainPacket packet, WantedPort? from, WantedPort? to)
    {
        var near = Near(from, to);
        var source = near || hook == "from_vm" ? from!.Plan!.Mac : s_router;
        var destination = near || hook == "to_vm" ? to!.Plan!.Mac : s_router;
        var frame = Frames.Make(source, destination, Address.Parse(packet.From.Address), Address.Parse(packet.To.Address),
            packet.Protocol, packet.DestinationPort, packet.SourcePort);
        return datapath.Tests.Trace(hook, frame, at.Ifindex);
    }

    private TraceHops Told(WantedPort? from, HookTrace? first, WantedPort? to, HookTrace? second)
    {
        var hops = new List<TraceHop>();
        if (first is { } f) hops.Add(Hop("from_vm", from!.Plan!, f));
        if (second is { } s) hops.Add(Hop("to_vm", to!.Plan!, s));
        // A real packet of this CPU came between the two: to_vm took this one for one from outside.
        return new(hops, second is { } at && Near(from, to) && at.SourceVnic != from!.Plan!.Vnic);
    }

    private static bool Near(WantedPort? from, WantedPort? to) => from is not null && to is not null && from.Plan!.Segment == to.Plan!.Segment;

    private TraceHop Hop(string hook, NicPlan nic, HookTrace said) => new(
        hook, nic.Vm, nic.Key.Index, said.Passed, ExplainRecords.Word(said.Verdict), said.Reason == Reason.None ? "" : said.Reason.Text(), keeper.Names.Rule(said.Rule));
}
