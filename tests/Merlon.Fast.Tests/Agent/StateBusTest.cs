using System.Net.Sockets;
using System.Text;
using AwesomeAssertions;
using CsCheck;
using Merlon.Agent.Migration.Bus;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>The bus that QEMU calls for a VM's state: as QEMU does it, and as nobody should.</summary>
public sealed class StateBusTest : IAsyncDisposable
{
    // What a GLib client sends to call Hello, to the byte.
    private static readonly byte[] s_hello =
    [
        (byte)'l', 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0x6d, 0, 0, 0,
        1, 1, (byte)'o', 0, 21, 0, 0, 0, .. "/org/freedesktop/DBus"u8, 0, 0, 0,
        3, 1, (byte)'s', 0, 5, 0, 0, 0, .. "Hello"u8, 0, 0, 0,
        2, 1, (byte)'s', 0, 20, 0, 0, 0, .. "org.freedesktop.DBus"u8, 0, 0, 0, 0,
        6, 1, (byte)'s', 0, 20, 0, 0, 0, .. "org.freedesktop.DBus"u8, 0, 0, 0, 0,
    ];

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"merlon-bus-{Guid.NewGuid():N}.sock");
    private readonly CancellationTokenSource _stop = new();
    private readonly Pretended _state = new();
    private readonly StateSocket _socket;
    private readonly Task _running;
    private bool _may = true;

    public StateBusTest()
    {
        _socket = new(_path, _state, _ => _may, NullLogger.Instance);
        _running = _socket.RunAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task QEMU_finds_the_VM_saves_and_loads()
    {
        using var qemu = await Begun();
        var hello = await qemu.Ask(s_hello);
        (hello.Type, hello.ReplySerial, new DBusReader(hello.Body).String()).Should().Be((DBusMessageType.Return, 1u, ":1.2"));
        var owners = await qemu.Call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListQueuedOwners", "s", w => w.String("org.qemu.VMState1"));
        owners.Body.Should().Equal([9, 0, 0, 0, 4, 0, 0, 0, .. ":1.1"u8, 0]);
        var all = await qemu.Call(":1.1", "/org/qemu/VMState1", "org.freedesktop.DBus.Properties", "GetAll", "s", w => w.String("org.qemu.VMState1"));
        Encoding.ASCII.GetString(all.Body).Should().Contain("Id").And.Contain(_state.Id);
        var saved = await qemu.Call(":1.1", "/org/qemu/VMState1", "org.qemu.VMState1", "Save", "", _ => { });
        new DBusReader(saved.Body).Bytes().Should().Equal(_state.Saved);
        byte[] arrived = [.. Enumerable.Range(0, 900_000).Select(i => (byte)i)];
        (await qemu.Call(":1.1", "/org/qemu/VMState1", "org.qemu.VMState1", "Load", "ay", w => w.Bytes(arrived))).Type.Should().Be(DBusMessageType.Return);
        _state.Loaded.Should().Equal(arrived);
    }

    [Theory]
    [InlineData("org.freedesktop.DBus", "org.freedesktop.DBus", "RequestName", "AccessDenied")]
    [InlineData("org.freedesktop.DBus", "org.freedesktop.DBus", "ListQueuedOwners", "NameHasNoOwner")]
    [InlineData("org.freedesktop.DBus", "org.freedesktop.DBus", "BecomeMonitor", "UnknownMethod")]
    [InlineData(":1.7", "org.qemu.VMState1", "Save", "ServiceUnknown")]
    [InlineData(":1.1", "org.qemu.VMState1", "Load", "InvalidArgs")]
    [InlineData(":1.1", "org.qemu.VMState1", "Format", "UnknownMethod")]
    public async Task Nobody_owns_a_name_or_reaches_anything_else(string destination, string @interface, string member, string error)
    {
        using var peer = await Begun();
        var answer = await peer.Call(destination, "/org/qemu/VMState1", @interface, member, "s", w => w.String("org.example"));
        (answer.Type, answer.Error).Should().Be((DBusMessageType.Error, $"org.freedesktop.DBus.Error.{error}"));
    }

    [Fact]
    public async Task Who_talks_nonsense_is_hung_up_on_and_the_next_is_served()
    {
        byte[][] all =
        [
            [1], "\0BEGIN\r\n"u8.ToArray(), "\0AUTH EXTERNAL 39393939\r\nBEGIN\r\n"u8.ToArray(), [0, .. new byte[2000]],
            [.. "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"u8, .. "B"u8, .. new byte[15]],
            [.. "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"u8, (byte)'l', 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0],
            [.. "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"u8, (byte)'l', 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 1, 9, 0, 0, 0, 0, 0, 0],
        ];
        foreach (var nonsense in all)
        {
            using var peer = await Peer.Connect(_path);
            await peer.Say(nonsense);
            (await peer.HungUp()).Should().BeTrue();
        }
        _may = false;
        using (var stranger = await Peer.Connect(_path)) (await stranger.HungUp()).Should().BeTrue();
        _may = true;
        using var good = await Begun();
        (await good.Ask(s_hello)).Type.Should().Be(DBusMessageType.Return);
    }

    [Fact]
    public void A_message_comes_back_as_it_was_written_and_no_changed_byte_is_more_than_a_refusal()
    {
        var text = Gen.String[Gen.Char['a', 'z'], 0, 40];
        var messages = Gen.Select(text, text, text, text, Gen.UInt, Gen.Byte.Array[0, 50], (a, b, c, d, serial, body) =>
            new DBusMessage(DBusMessageType.Call, serial) { Path = a, Interface = b, Member = c, Destination = d, Signature = body.Length > 0 ? "ay" : "", ReplySerial = serial, Body = body });
        messages.Sample(m =>
        {
            var bytes = m.ToArray();
            Assert.Equal(bytes.Length, DBusMessage.LengthOf(bytes));
            var back = DBusMessage.Read(bytes);
            Assert.Equal(m.Body, back.Body);
            Assert.Equal(m, back with { Body = m.Body });
        }, iter: 1000);
        Gen.Select(messages, Gen.Select(Gen.Int[0, 60], Gen.Byte).Array[1, 4]).Sample((m, changes) =>
        {
            var bytes = m.ToArray();
            foreach (var (at, value) in changes) bytes[at % bytes.Length] = value;
            try
            {
                if (DBusMessage.LengthOf(bytes) == bytes.Length) DBusMessage.Read(bytes);
            }
            catch (FormatException) { }
        }, iter: 10_000);
    }

    private async Task<Peer> Begun()
    {
        var peer = await Peer.Connect(_path);
        await peer.Say("\0AUTH\r\n"u8.ToArray());
        (await peer.Line()).Should().Be("REJECTED EXTERNAL");
        await peer.Say(Encoding.ASCII.GetBytes($"AUTH EXTERNAL {Convert.ToHexString(Encoding.ASCII.GetBytes($"{Uid()}"))}\r\n"));
        (await peer.Line()).Should().StartWith("OK ");
        await peer.Say("NEGOTIATE_UNIX_FD\r\n"u8.ToArray());
        (await peer.Line()).Should().Be("ERROR");
        await peer.Say("BEGIN\r\n"u8.ToArray());
        return peer;
    }

    // As the kernel says it to the other end.
    private static string Uid() => File.ReadLines("/proc/self/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1];

    private sealed class Pretended : IVmState
    {
        public string Id => Samples.Key(1).VmUuid;
        public byte[] Saved { get; } = [1, 2, 3];
        public byte[]? Loaded { get; private set; }

        public Task<byte[]> SaveAsync(CancellationToken stop) => Task.FromResult(Saved);

        public Task LoadAsync(byte[] state, CancellationToken stop)
        {
            Loaded = state;
            return Task.CompletedTask;
        }
    }

    /// <summary>Whoever dials.</summary>
    private sealed class Peer(Socket socket) : IDisposable
    {
        private readonly NetworkStream _stream = new(socket, ownsSocket: true);
        private uint _serial = 10;

        public static async Task<Peer> Connect(string path)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), TestContext.Current.CancellationToken);
            return new(socket);
        }

        public async Task Say(byte[] bytes) => await _stream.WriteAsync(bytes, TestContext.Current.CancellationToken);

        public async Task<string> Line()
        {
            var line = new StringBuilder();
            var one = new byte[1];
            while (!line.ToString().EndsWith("\r\n", StringComparison.Ordinal))
            {
                await _stream.ReadExactlyAsync(one, TestContext.Current.CancellationToken);
                line.Append((char)one[0]);
            }
            return line.ToString().TrimEnd();
        }

        public async Task<DBusMessage> Ask(byte[] message)
        {
            await Say(message);
            var start = new byte[DBusMessage.FixedBytes];
            await _stream.ReadExactlyAsync(start, TestContext.Current.CancellationToken);
            var whole = new byte[DBusMessage.LengthOf(start)];
            start.CopyTo(whole, 0);
            await _stream.ReadExactlyAsync(whole.AsMemory(start.Length), TestContext.Current.CancellationToken);
            return DBusMessage.Read(whole);
        }

        public Task<DBusMessage> Call(string destination, string path, string @interface, string member, string signature, Action<DBusWriter> body)
        {
            var writer = new DBusWriter();
            body(writer);
            return Ask(new DBusMessage(DBusMessageType.Call, ++_serial) { Destination = destination, Path = path, Interface = @interface, Member = member, Signature = signature, Body = writer.ToArray() }.ToArray());
        }

        public async Task<bool> HungUp()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            try
            {
                await _stream.CopyToAsync(Stream.Null, limit.Token);
                return true;
            }
            catch (IOException)
            {
                return true;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }

        public void Dispose() => _stream.Dispose();
    }
}
