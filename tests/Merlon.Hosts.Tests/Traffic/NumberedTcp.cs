using System.Net;
using System.Net.Sockets;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>Numbers over one TCP connection, eight bytes each, no delay.</summary>
public sealed class NumberedTcp : NumberedStream
{
    private readonly Socket _listener, _sender, _receiver;
    private readonly byte[] _in = new byte[4096];
    private int _have;

    public NumberedTcp(Guest from, Guest to, IPAddress address, int port)
    {
        Name = $"tcp/{port} {Family(address)}";
        _listener = Open(to, address, SocketType.Stream, ProtocolType.Tcp, port);
        _listener.Listen();
        _sender = Open(from, address, SocketType.Stream, ProtocolType.Tcp);
        _sender.NoDelay = true;
        _sender.Connect(new IPEndPoint(address, port));
        _receiver = _listener.Accept();
        _receiver.ReceiveTimeout = 100;
        Start();
    }

    public override string Name { get; }

    protected override void Transmit(long number) => SendNumber(_sender, number);

    protected override void Receive()
    {
        var n = _receiver.Receive(_in, _have, _in.Length - _have, SocketFlags.None, out var error);
        if (error is not SocketError.Success)
        {
            if (error is not (SocketError.TimedOut or SocketError.WouldBlock)) Thread.Sleep(50);
            return;
        }
        _have += n;
        var at = 0;
        for (; at + 8 <= _have; at += 8) Arrived(_in.AsSpan(at));
        _in.AsSpan(at, _have - at).CopyTo(_in);
        _have -= at;
        if (n == 0) Thread.Sleep(50);
    }

    protected override void Close()
    {
        _sender.Dispose();
        _receiver.Dispose();
        _listener.Dispose();
    }
}
