using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.ShortCut;

/// <summary>The shop with both VMs on ways of one domain, and one connection from web to db that has been established and looked at by both
/// hooks: its next packet goes straight.</summary>
internal sealed class CutPlace : IDisposable
{
    public const uint Domain = 5;
    private readonly Packet _client;
    private readonly bool _owns;
    private uint _clientSeq = 1000, _serverSeq = 900000;

    /// <param name="program">Another one than this checkout's.</param>
    /// <param name="shop">A world that others have used: everything but the program begins anew. Null = one of its own.</param>
    /// <param name="adopted">Nobody saw it open: both VMs are in their time, and speak from its middle.</param>
    public CutPlace(string program = "", bool v6 = false, int proto = Protocols.Tcp, int sourcePort = 40000, Shop? shop = null, bool adopted = false)
    {
        _owns = shop is null;
        World = shop ?? new World(Shop.Manifest, new(program, "", 4096, 4096, 1024));
        if (!_owns) Forget();
        var (web, db) = (World["web"], World["db"]);
        _client = new(v6 ? web.V6 : web.V4, v6 ? db.V6 : db.V4) { SourceMac = web.Mac, DestinationMac = db.Mac, Proto = proto, SourcePort = sourcePort };
        World.Kernel.ShortCut.Set([Way.Of(web.Ifindex, web.Record, Domain, 1500), Way.Of(db.Ifindex, db.Record, Domain, 1500)]);
        World.Kernel.ShortCut.Renew(TimeSpan.FromSeconds(2));
        foreach (var vm in (string[])["web", "db"]) ChangeWay(vm, _ => Way.Of(World[vm].Ifindex, World[vm].Record, Domain, 1500).Record with { BridgedMs = BootClock.NowMs });
        if (adopted) World.Kernel.Adoptions.Set(new[] { web, db }.ToDictionary(p => p.Record.Vnic, _ => BootClock.NowNs + 60_000_000_000));
        Play(Next(back: false, adopted ? Tcp.Ack : proto == Protocols.Tcp ? Tcp.Syn : 0));
        Play(Next(back: true, adopted ? Tcp.Ack : proto == Protocols.Tcp ? Tcp.SynAck : 0));
        if (proto == Protocols.Tcp && !adopted) Play(Next(back: false, Tcp.Ack));
        // The third packet of UDP is the first that both hooks know as one of a connection, and so is TCP's third.
        Play(Next(back: false, Tcp.Ack, 8));
    }

    public World World { get; }

    public ulong Straight => World.Kernel.Counters[Counter.ShortCut];

    private ulong Judged => World.Kernel.Counters[Counter.OneLook];

    public ConnectionEntry Entry => Xunit.Assert.Single(World.Kernel.Connections.List());

    /// <summary>The next data of one end. Its numbers go on when it is played and arrives.</summary>
    public Packet Data(bool back = false, int bytes = 8) => Next(back, Tcp.Ack, bytes);

    /// <summary>Both hooks, as the kernel runs them.</summary>
    public Went Play(Packet packet)
    {
        var went = Leave(packet);
        if (went == Went.Nowhere || !Arrive(packet)) return Went.Nowhere;
        var length = (uint)(packet.Data + (packet.Flags.HasFlag(Tcp.Syn) ? 1 : 0) + (packet.Flags.HasFlag(Tcp.Fin) ? 1 : 0));
        if (packet.Source == _client.Source) _clientSeq = packet.Seq + length;
        else _serverSeq = packet.Seq + length;
        return went;
    }

    /// <summary>from_vm alone.</summary>
    public Went Leave(Packet packet)
    {
        TestPlace.StayOnOneCpu();
        var (before, judged) = (Straight, Judged);
        var code = World.Kernel.Tests.Run("from_vm", packet.Bytes(), (packet.Source == _client.Source ? World["web"] : World["db"]).Ifindex).ReturnCode;
        Xunit.Assert.Equal(code == 7, Straight != before);
        return code switch { 7 => Went.Straight, -1 => Judged == judged ? Went.ByBridge : Went.Judged, 2 => Went.Nowhere, _ => throw new InvalidOperationException($"from_vm returned {code}") };
    }

    /// <summary>to_vm alone.</summary>
    public bool Arrive(Packet packet)
    {
        TestPlace.StayOnOneCpu();
        return World.Kernel.Tests.Run("to_vm", packet.Bytes(), (packet.Source == _client.Source ? World["db"] : World["web"]).Ifindex).Passed;
    }

    /// <summary>Behind the agent's back.</summary>
    public void ChangeWay(string vm, Func<WayRecord, WayRecord> change)
    {
        using var ways = World.Open("ways");
        var slot = (uint)World[vm].Ifindex & (AbiLimits.Ways - 1);
        ways.TryLookup(slot, out WayRecord way);
        ways.Update(slot, change(way));
    }

    /// <summary>Behind everybody's back.</summary>
    public void ChangeEntry(Func<ConnRecord, ConnRecord> change)
    {
        using var table = World.Open("conn4");
        var (key, value) = Xunit.Assert.Single(table.ReadAll<ConnKey4, ConnRecord>());
        table.Update(key, change(value));
    }

    public void Dispose()
    {
        if (_owns) World.Dispose();
    }

    private void Forget()
    {
        World.Apply(Shop.Manifest);
        World.Kernel.ShortCut.On = true;
        foreach (var name in (string[])["conn4", "half4"])
        {
            using var table = World.Open(name);
            foreach (var (key, _) in table.ReadAll<ConnKey4, ConnRecord>()) table.Delete(key);
        }
    }

    private Packet Next(bool back, Tcp flags, int data = 0)
    {
        var packet = back ? _client.Back() : _client;
        return packet with { Flags = flags, Seq = back ? _serverSeq : _clientSeq, Ack = flags.HasFlag(Tcp.Ack) ? back ? _clientSeq : _serverSeq : 0, Data = data };
    }
}
