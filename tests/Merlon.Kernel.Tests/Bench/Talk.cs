using Merlon.Datapath.Maps;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>A TCP connection played by hand: both ends' sequence numbers go on by themselves unless a row states its own.</summary>
public sealed class Talk(World world, Packet syn, int sourcePort)
{
    private readonly Packet _client = syn with { Proto = Protocols.Tcp, SourcePort = sourcePort };

    public uint ClientSeq { get; set; } = 1000;

    public uint ServerSeq { get; set; } = 900000;

    public Outcome Client(Tcp flags, int data = 0, uint? seq = null, uint? ack = null, int window = 64000, int? scale = null, Func<Packet, Packet>? change = null)
    {
        var packet = _client with { Flags = flags, Seq = seq ?? ClientSeq, Ack = ack ?? (flags.HasFlag(Tcp.Ack) ? ServerSeq : 0), Window = window, Scale = scale, Data = data };
        var outcome = world.Send(change is null ? packet : change(packet));
        if (outcome.Passed && seq is null) ClientSeq += Length(flags, data);
        return outcome;
    }

    public Outcome Server(Tcp flags, int data = 0, uint? seq = null, uint? ack = null, int window = 64000, int? scale = null)
    {
        var packet = _client.Back() with { Flags = flags, Seq = seq ?? ServerSeq, Ack = ack ?? (flags.HasFlag(Tcp.Ack) ? ClientSeq : 0), Window = window, Scale = scale, Data = data };
        var outcome = world.Send(packet);
        if (outcome.Passed && seq is null) ServerSeq += Length(flags, data);
        return outcome;
    }

    public Talk Open(int window = 64000, int? scale = null)
    {
        Must(Client(Tcp.Syn, window: window, scale: scale));
        Must(Server(Tcp.SynAck, window: window, scale: scale));
        Must(Client(Tcp.Ack, window: window));
        return this;
    }

    /// <summary>The live entries of this connection; at most one of them is not half-open.</summary>
    public ConnectionEntry[] Entries() => [.. world.Kernel.Connections.List().Where(e =>
        (e.SourcePort == sourcePort && e.Source == _client.Source) || (e.DestinationPort == sourcePort && e.Destination == _client.Source))];

    public ConnectionEntry Entry() => Xunit.Assert.Single(Entries());

    private static uint Length(Tcp flags, int data) => (uint)(data + (flags.HasFlag(Tcp.Syn) ? 1 : 0) + (flags.HasFlag(Tcp.Fin) ? 1 : 0));

    private static void Must(Outcome outcome) => Xunit.Assert.Equal(Outcome.Pass, outcome);
}
