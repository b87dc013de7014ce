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
        if (TooOld(Environment.OSVersion.Version) is { } refused) throw refused;
        var asked = Read(packet);
        if (asked is { From: null, To: null })
            throw new RequestRefused("not-here", "neither end is a guarded vNIC of this host", "ask on the host of one of them; see 'merlon get nic'");
        var hops = new List<TraceHop>();
        // To a VM that has not spoken here yet nothing is handed over.
        var handed = asked.Near && datapath.Ports.TryGet(asked.To!.Ifindex, out var port) && port.Awaited == 0;
        if (asked.From is { } from) hops.Add(Hop("from_vm", from, datapath.Tests.Trace("from_vm", asked.Frame(leaves: true), from.Ifindex)));
        if (asked.To is not { } to || hops is [{ Passes: false }]) return new(hops, Disturbed: false);
        var arrived = datapath.Tests.Trace("to_vm", asked.Frame(leaves: false), to.Ifindex);
        hops.Add(Hop("to_vm", to, arrived));
        // A real packet of this CPU came between the two: to_vm took this one for one from outside.
        return new(hops, handed && arrived.SourceVnic != asked.From!.Plan!.Vnic);
    }

    internal static RequestRefused? TooOld(Version kernel) => kernel >= s_whole ? null
        : new("old-kernel", $"this kernel ({kernel}) cannot run a test packet apart from real ones", "boot 6.3 or newer; 'merlon explain' and 'merlon capture' work here");

    /// <summary>The packet, and the guarded ports of this host at its ends.</summary>
    private sealed record Asked(WantedPort? From, WantedPort? To, Address Source, Address Destination, ExplainPacket Packet)
    {
        /// <summary>They see each other's MAC.</summary>
        public bool Near => From is not null && To is not null && From.Plan!.Segment == To.Plan!.Segment;

        /// <param name="leaves">As the sender's hook sees it, else as the receiver's.</param>
        public byte[] Frame(bool leaves) => Frames.Make(Near || leaves ? From!.Plan!.Mac : s_router, Near || !leaves ? To!.Plan!.Mac : s_router,
            Source, Destination, Packet.Protocol, Packet.DestinationPort, Packet.SourcePort);
    }

    private Asked Read(ExplainPacket packet)
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
        return new(from, to, source, destination, packet);
    }

    private static WantedPort? Named(List<WantedPort> guarded, ExplainEnd end) =>
        end is { VmUuid: { } uuid, Nic: { } index } ? guarded.Find(w => w.Plan!.Key == new NicKey(uuid, index)) : null;

    private static WantedPort? Owner(List<WantedPort> guarded, Address address, WantedPort? other) =>
        guarded.Find(w => w.Plan!.Addresses.Contains(address) && (other is null || w.Plan.Realm == other.Plan!.Realm));

    private TraceHop Hop(string hook, WantedPort at, HookTrace said) => new(hook, at.Plan!.Vm, at.Plan.Key.Index, said.Passed,
        ExplainRecords.Word(said.Verdict), said.Reason == Reason.None ? "" : said.Reason.Text(), keeper.Names.Rule(said.Rule));
}
