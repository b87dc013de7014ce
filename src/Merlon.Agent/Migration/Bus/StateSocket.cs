using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Merlon.Agent.Migration.Bus;

/// <summary>The bus of one VM on a unix socket of its own: one peer after the other, each a user that may.</summary>
/// <param name="mayConnect">Asked for the peer's user id.</param>
internal sealed class StateSocket(string path, IVmState state, Func<uint, bool> mayConnect, ILogger log) : IDisposable
{
    private const int SolSocket = 1, SoPeercred = 17, UidAt = 4, CredentialBytes = 12;
    private readonly Socket _listener = Listen(path);

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var peer = await _listener.AcceptAsync(stop);
            try
            {
                await ServeAsync(peer, stop);
            }
            catch (Exception e) when (e is FormatException or IOException or SocketException or EndOfStreamException)
            {
                Log.StateBus(log, path, e.Message);
            }
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        File.Delete(path);
    }

    private static Socket Listen(string path)
    {
        File.Delete(path);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        return listener;
    }

    private async Task ServeAsync(Socket peer, CancellationToken stop)
    {
        Span<byte> credentials = stackalloc byte[CredentialBytes];
        peer.GetRawSocketOption(SolSocket, SoPeercred, credentials);
        var uid = BinaryPrimitives.ReadUInt32LittleEndian(credentials[UidAt..]);
        if (!mayConnect(uid)) throw new FormatException($"user {uid} may not connect");
        await using var to = new NetworkStream(peer);
        await using var from = new BufferedStream(to);
        await ShakeHandsAsync(from, to, new BusHandshake(uid), stop);
        var bus = new StateBus(state);
        while (await ReadAsync(from, stop) is { } message)
            if (await bus.AnswerAsync(message, stop) is { } answer)
                await to.WriteAsync(answer.ToArray(), stop);
    }

    private static async Task ShakeHandsAsync(Stream from, Stream to, BusHandshake hands, CancellationToken stop)
    {
        var one = new byte[1];
        await from.ReadExactlyAsync(one, stop);
        if (one[0] != 0) throw new FormatException("D-Bus: the first byte is not zero");
        while (!hands.IsOver)
        {
            var line = new StringBuilder();
            while (line.Length < 2 || line[^1] != '\n' || line[^2] != '\r')
            {
                await from.ReadExactlyAsync(one, stop);
                if (line.Append((char)one[0]).Length > BusHandshake.MostLine) throw new FormatException("D-Bus: a line without end");
            }
            if (hands.Answer(line.ToString(0, line.Length - 2)) is { } answer) await to.WriteAsync(Encoding.ASCII.GetBytes(answer + "\r\n"), stop);
        }
    }

    private static async Task<DBusMessage?> ReadAsync(Stream from, CancellationToken stop)
    {
        var start = new byte[DBusMessage.FixedBytes];
        var read = await from.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, stop);
        if (read == 0) return null;
        if (read < start.Length) throw new EndOfStreamException("D-Bus: the message ends too early");
        var whole = new byte[DBusMessage.LengthOf(start)];
        start.CopyTo(whole, 0);
        await from.ReadExactlyAsync(whole.AsMemory(start.Length), stop);
        return DBusMessage.Read(whole);
    }
}
