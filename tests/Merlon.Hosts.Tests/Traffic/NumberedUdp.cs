using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>Numbers in datagrams of one socket pair; the receiver answers each, so that the connection is an established one.</summary>
public sealed class NumberedUdp : NumberedStream
{
    private readonly Socket _sender, _receiver;
    private readonly byte[] _in = new byte[64];
    private EndPoint _from;

    public NumberedUdp(Guest from, Guest to, IPAddress address, int port)
    {
        Name = $"udp/{port} {Family(address)}";
        _receiver = Open(to, address, SocketType.Dgram, ProtocolType.Udp, port);
        _sender = Open(from, address, SocketType.Dgram, ProtocolType.Udp);
        _sender.Connect(new IPEndPoint(address, port));
        _from = new IPEndPoint(address, 0);
        Start();
    }

    public override string Name { get; }

    protected override void Transmit(long number) => SendNumber(_sender, number);

    protected override void Receive()
    {
        try
        {
            if (_receiver.ReceiveFrom(_in, ref _from) < 8) return;
            Arrived(_in);
            _receiver.SendTo(_in, 0, 8, SocketFlags.None, _from);
        }
        catch (SocketException)
        {
            // nothing came in time
        }
    }

    protected override void Close()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }
}
