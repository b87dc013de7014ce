using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Merlon.Datapath.Links;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>Raw frames at a guest's own interface (packet(7)): what a guest that chooses every byte sends, and all that it gets.</summary>
internal sealed class PacketSocket : IDisposable
{
    private const int EveryProtocol = 0x0300, NoProtocol = 0;
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[1 << 16];

    /// <param name="listening">Whether frames are to be received.</param>
    public PacketSocket(Guest guest, bool listening) => _socket = guest.Namespace.Enter(() =>
    {
        var protocol = listening ? EveryProtocol : NoProtocol;
        var socket = new Socket(AddressFamily.Packet, SocketType.Raw, (ProtocolType)protocol) { ReceiveBufferSize = 32 << 20, Blocking = false };
        socket.Bind(new Place(LinkTable.Find("eth0")!.Ifindex, protocol));
        return socket;
    });

    /// <summary>Hands a frame to the interface; waits while the way is full.</summary>
    public void Send(byte[] frame)
    {
        for (var tries = 0; ; tries++)
        {
            _socket.Send(frame, 0, frame.Length, SocketFlags.None, out var error);
            if (error == SocketError.Success) return;
            if (error is not (SocketError.NoBufferSpaceAvailable or SocketError.WouldBlock) || tries > 1000) throw new SocketException((int)error);
            Thread.Sleep(1);
        }
    }

    /// <summary>The next frame that came in or went out; null when none is there.</summary>
    public byte[]? Next()
    {
        var length = _socket.Receive(_buffer, 0, _buffer.Length, SocketFlags.None, out var error);
        return error == SocketError.Success ? _buffer[..length] : null;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>struct sockaddr_ll.</summary>
    private sealed class Place(int ifindex, int protocol) : EndPoint
    {
        public override AddressFamily AddressFamily => AddressFamily.Packet;

        public override SocketAddress Serialize()
        {
            var address = new SocketAddress(AddressFamily.Packet, 20);
            Span<byte> bytes = stackalloc byte[20];
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], (ushort)protocol);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], ifindex);
            for (var i = 2; i < 8; i++) address[i] = bytes[i];
            return address;
        }
    }
}
