using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary>A rtnetlink socket. .NET has no netlink address family, so the descriptor is made here and handed to Socket,
/// which then serves it as any other.</summary>
internal sealed class NetlinkSocket : IDisposable
{
    public const int Route = 0, Netfilter = 12;
    private const int Family = 16, Raw = 3, CloseOnExec = 0x80000;
    private const ushort Error = 2, Done = 3;
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private uint _sequence;

    /// <param name="groups">Bits of multicast groups to hear; 0 = answers only.</param>
    /// <param name="protocol"><see cref="Route"/> or <see cref="Netfilter"/>.</param>
    public NetlinkSocket(uint groups = 0, int protocol = Route)
    {
        var fd = Libc.Socket(Family, Raw | CloseOnExec, protocol);
        if (fd < 0) throw BpfError.Of("netlink-failed", "opening a netlink socket", -Marshal.GetLastPInvokeError());
        var handle = new SafeSocketHandle(fd, ownsHandle: true);
        if (!Bind(handle, groups))
        {
            handle.Dispose();
            throw BpfError.Of("netlink-failed", "binding a netlink socket", -Marshal.GetLastPInvokeError());
        }
        _socket = new(handle);
    }

    /// <summary>Sends a dump request and gives every message of the answer (type, payload).</summary>
    public List<(ushort Type, byte[] Payload)> Dump(NetlinkMessage request)
    {
        var error = TryDump(request, out var answer);
        return error == 0 ? answer : throw Failed(error);
    }

    /// <summary>The same; 0 or a negative errno.</summary>
    public int TryDump(NetlinkMessage request, out List<(ushort Type, byte[] Payload)> answer)
    {
        var sequence = ++_sequence;
        _socket.Send(request.Finish(sequence));
        answer = [];
        while (true)
            foreach (var (type, got, payload) in Split(_buffer.AsMemory(0, _socket.Receive(_buffer))))
            {
                if (got != sequence) continue;
                if (type == Done) return 0;
                if (type == Error) return BinaryPrimitives.ReadInt32LittleEndian(payload);
                answer.Add((type, payload));
            }
    }

    /// <summary>Sends a request and waits for its acknowledgement; 0 or a negative errno.</summary>
    public int Do(NetlinkMessage request)
    {
        var sequence = ++_sequence;
        _socket.Send(request.Finish(sequence));
        while (true)
            foreach (var (type, got, payload) in Split(_buffer.AsMemory(0, _socket.Receive(_buffer))))
                if (got == sequence && type == Error) return BinaryPrimitives.ReadInt32LittleEndian(payload);
    }

    /// <summary>The next notifications; null when the kernel dropped some because they were not read in time.</summary>
    public async ValueTask<List<(ushort Type, byte[] Payload)>?> ReceiveAsync(CancellationToken cancel)
    {
        try
        {
            var length = await _socket.ReceiveAsync(_buffer, cancel);
            return [.. Split(_buffer.AsMemory(0, length)).Select(m => (m.Type, m.Payload))];
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.NoBufferSpaceAvailable)
        {
            return null;
        }
    }

    public void Dispose() => _socket.Dispose();

    public static DatapathException Failed(int errno) => BpfError.Of("netlink-failed", "asking the kernel about interfaces", errno);

    private static unsafe bool Bind(SafeSocketHandle handle, uint groups)
    {
        // struct sockaddr_nl: family, pad, pid (0: the kernel chooses), groups.
        var address = stackalloc uint[3] { Family, 0, groups };
        // SAFETY: twelve bytes, as the length says.
        return Libc.Bind(handle, address, 12) == 0;
    }

    private static List<(ushort Type, uint Sequence, byte[] Payload)> Split(ReadOnlyMemory<byte> received)
    {
        var messages = new List<(ushort, uint, byte[])>();
        var bytes = received.Span;
        while (bytes.Length >= 16)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            if (length < 16 || length > bytes.Length) break;
            messages.Add((BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]), bytes[16..length].ToArray()));
            bytes = bytes[Math.Min(NetlinkMessage.Align(length), bytes.Length)..];
        }
        return messages;
    }
}
