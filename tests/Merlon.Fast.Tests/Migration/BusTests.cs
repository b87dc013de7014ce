using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Merlon.Agent.Migration.Bus;
using Xunit;

namespace Merlon.Fast.Tests.Migration;

/// <summary>A VM's bus over a real socket: asked by GDBus, which QEMU speaks by, and by clients that mean harm.</summary>
public sealed class BusTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-bus").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _over = new();
    private readonly List<byte[]> _loaded = [];

    public BusTests()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
        _ = ServeAsync();
    }

    private string Path => System.IO.Path.Combine(_folder, "bus");

    public void Dispose()
    {
        _over.Cancel();
        _listener.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ServeAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            var client = await _listener.AcceptAsync(_over.Token);
            _ = new BusClient(client, new(() => Task.FromResult<byte[]>([1, 2, 255]), bytes => { _loaded.Add(bytes); return Task.CompletedTask; })).ServeAsync(_over.Token);
        }
    }

    [Theory]
    [InlineData("org.freedesktop.DBus", "org.freedesktop.DBus.ListQueuedOwners", "org.qemu.VMState1", "([':1.1'],)")]
    [InlineData("org.freedesktop.DBus", "org.freedesktop.DBus.GetNameOwner", ":1.1", "(':1.1',)")]
    [InlineData(":1.1", "org.freedesktop.DBus.Properties.GetAll", "org.qemu.VMState1", "({'Id': <'merlon'>},)")]
    [InlineData(":1.1", "org.freedesktop.DBus.Properties.Get", "org.qemu.VMState1 Id", "(<'merlon'>,)")]
    [InlineData(":1.1", "org.qemu.VMState1.Save", "", "([byte 0x01, 0x02, 0xff],)")]
    public void GDBus_is_answered_as_by_any_bus(string destination, string method, string arguments, string answer)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/gdbus"), "gdbus is not here: install libglib2.0-bin");
        Assert.Equal((0, answer), Gdbus(destination, method, arguments));
    }

    [Theory]
    [InlineData("org.freedesktop.DBus", "org.freedesktop.DBus.RequestName", "org.qemu.VMState1 uint32:0")]
    [InlineData("org.freedesktop.DBus", "org.freedesktop.DBus.GetNameOwner", "org.freedesktop.systemd1")]
    [InlineData(":1.1", "org.qemu.VMState1.Other", "")]
    public void Nothing_else_is_there_and_no_name_to_own(string destination, string method, string arguments)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/gdbus"), "gdbus is not here: install libglib2.0-bin");
        Assert.Equal(1, Gdbus(destination, method, arguments.Replace("uint32:", "", StringComparison.Ordinal)).Code);
    }

    private (int Code, string Said) Gdbus(string destination, string method, string arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/gdbus", ["call", "--session", "--dest", destination, "--object-path", "/org/qemu/VMState1", "--method", method, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DBUS_SESSION_BUS_ADDRESS"] = $"unix:path={Path}";
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, said.Trim());
    }

    [Fact]
    public async Task What_is_loaded_arrives_as_it_went()
    {
        using var client = await GreetedAsync();
        var state = Enumerable.Range(0, 900_000).Select(n => (byte)n).ToArray();
        await client.SendAsync(Snapshots.Call("org.qemu.VMState1", "Load", "ay", w => w.Bytes(state)));
        Assert.Equal(2, (await AnswerAsync(client))[1]);
        Assert.Equal(state, Assert.Single(_loaded));
    }

    [Fact]
    public async Task A_call_that_wants_no_answer_gets_none()
    {
        using var client = await GreetedAsync();
        await client.SendAsync(Snapshots.Call("org.freedesktop.DBus", "AddMatch", "s", w => w.Text("type='signal'"), flags: 1));
        await client.SendAsync(Snapshots.Call("org.freedesktop.DBus", "GetId"));
        Assert.Contains(VmDoor.BusId, Encoding.ASCII.GetString(await AnswerAsync(client)), StringComparison.Ordinal);
    }

    public static TheoryData<string> Attacks => [.. s_attacks.Keys];

    private static readonly Dictionary<string, byte[]> s_attacks = new()
    {
        ["no message"] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(),
        ["a body of 4 GiB"] = [.. "l\u0001\0\u0001"u8, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0],
        ["header fields of 4 GiB"] = [.. "l\u0001\0\u0001"u8, 0, 0, 0, 0, 1, 0, 0, 0, 0xf8, 0xff, 0xff, 0xff],
        ["big endian"] = [.. "B\u0001\0\u0001"u8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
        ["an array longer than its message"] = Long(),
        ["a field of a type that is none"] = [.. "l\u0001\0\u0001"u8, 0, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 1, 3, 97, 97, 97, 0, 0, 0],
    };

    private static byte[] Long()
    {
        var call = Snapshots.Call("org.qemu.VMState1", "Load", "ay", w => w.Bytes([1, 2, 3, 4]));
        BinaryPrimitives.WriteUInt32LittleEndian(call.AsSpan(call.Length - 8), 1 << 20);
        return call;
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Who_breaks_the_protocol_is_cut_off(string what)
    {
        using var client = await GreetedAsync();
        await client.SendAsync(s_attacks[what]);
        await EndAsync(client);
        Assert.Empty(_loaded);
    }

    [Fact]
    public async Task Who_greets_without_end_is_cut_off()
    {
        using var client = await ConnectedAsync();
        await client.SendAsync(new byte[1]);
        await client.SendAsync(Encoding.ASCII.GetBytes(new string('A', 5000)));
        await EndAsync(client);
    }

    private static async Task EndAsync(Socket client)
    {
        try
        {
            for (var some = new byte[100]; await client.ReceiveAsync(some).WaitAsync(TimeSpan.FromSeconds(20)) > 0;) { }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // with what it still had to say
        }
    }

    private async Task<Socket> ConnectedAsync()
    {
        var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(Path));
        return client;
    }

    private async Task<Socket> GreetedAsync()
    {
        var client = await ConnectedAsync();
        await client.SendAsync("\0AUTH EXTERNAL 30\r\nBEGIN\r\n"u8.ToArray());
        var ok = new byte[200];
        var read = await client.ReceiveAsync(ok);
        Assert.StartsWith("OK ", Encoding.ASCII.GetString(ok, 0, read), StringComparison.Ordinal);
        return client;
    }

    private static async Task<byte[]> AnswerAsync(Socket client)
    {
        var head = new byte[BusCall.HeadBytes];
        for (var at = 0; at < head.Length;) at += await client.ReceiveAsync(head.AsMemory(at));
        var rest = new byte[BusCall.Rest(head)];
        for (var at = 0; at < rest.Length;) at += await client.ReceiveAsync(rest.AsMemory(at));
        return [.. head, .. rest];
    }
}
