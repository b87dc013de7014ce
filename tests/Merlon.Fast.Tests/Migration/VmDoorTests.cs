using System.Net.Sockets;
using System.Text;
using AwesomeAssertions;
using Merlon.Agent.Migration.Bus;
using Xunit;

namespace Merlon.Fast.Tests.Migration;

/// <summary>Who is served at a VM's bus, and when what it brings is taken.</summary>
public sealed class VmDoorTests : VmDoor.IAgent, IDisposable
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-door").FullName;
    private readonly List<byte[]> _taken = [];
    private readonly VmDoor _door;
    private volatile bool _stranger;
    private volatile ManualResetEventSlim? _slow;
    private int _looks;

    public VmDoorTests() => _door = new(Path.Combine(_folder, "vm"), "vm", this, (_, _) => Look());

    private bool Look()
    {
        Interlocked.Increment(ref _looks);
        _slow?.Wait();
        return !_stranger;
    }

    private static async Task WaitAsync(Func<bool> so)
    {
        for (var until = DateTime.UtcNow + s_soon; !so() && DateTime.UtcNow < until;) await Task.Delay(5);
        so().Should().BeTrue();
    }

    Task<byte[]> VmDoor.IAgent.SaveAsync(string vm) => Task.FromResult<byte[]>([1]);

    Task VmDoor.IAgent.LoadAsync(string vm, byte[] snapshot)
    {
        _taken.Add(snapshot);
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _door.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
        await client.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(_folder, "vm")));
        return client;
    }

    private async Task<Socket> GreetedAsync()
    {
        var client = await ConnectAsync();
        await client.SendAsync("\0AUTH EXTERNAL 30\r\nBEGIN\r\n"u8.ToArray());
        Encoding.ASCII.GetString(await HeardAsync(client)).Should().StartWith("OK ");
        return client;
    }

    private static async Task<byte[]> HeardAsync(Socket client)
    {
        var bytes = new byte[200];
        return bytes[..await client.ReceiveAsync(bytes).WaitAsync(s_soon)];
    }

    private static async Task LoadAsync(Socket client, byte what)
    {
        await client.SendAsync(Snapshots.Call("org.qemu.VMState1", "Load", "ay", w => w.Bytes([what])));
        (await HeardAsync(client))[1].Should().Be(2, "it is answered, taken or not");
    }

    [Fact]
    public async Task Another_process_is_cut_off_at_once_and_holds_nobody_up()
    {
        using var qemu = await GreetedAsync();
        _stranger = true;
        using var other = await ConnectAsync();
        (await HeardAsync(other)).Should().BeEmpty();
        _door.Busy.Should().BeTrue();
        await LoadAsync(qemu, 1);
    }

    [Fact]
    public async Task One_whose_name_cannot_be_read_in_time_holds_nobody_up()
    {
        using var never = new ManualResetEventSlim();
        _slow = never;
        using Socket a = await ConnectAsync(), b = await ConnectAsync(), c = await ConnectAsync();
        await WaitAsync(() => Volatile.Read(ref _looks) == 3);
        _slow = null;
        using var qemu = await GreetedAsync();
        await LoadAsync(qemu, 1);
        never.Set();
    }

    [Fact]
    public async Task One_that_only_connects_does_not_hold_up_the_next()
    {
        using var silent = await ConnectAsync();
        using var qemu = await GreetedAsync();
        (await HeardAsync(silent)).Should().BeEmpty();
        await LoadAsync(qemu, 1);
    }

    [Fact]
    public async Task What_is_brought_counts_once_from_the_VM_that_was_announced()
    {
        using var running = await GreetedAsync();
        await LoadAsync(running, 1);
        _door.Expect();
        await LoadAsync(running, 2);
        using var comes = await GreetedAsync();
        await LoadAsync(comes, 3);
        await LoadAsync(comes, 4);
        _taken.Should().BeEquivalentTo([new byte[] { 3 }]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Once_it_runs_nothing_more_is_awaited(bool connected)
    {
        _door.Expect();
        using var first = connected ? await GreetedAsync() : null;
        _door.Runs();
        using var client = first ?? await GreetedAsync();
        await LoadAsync(client, 1);
        _taken.Should().BeEmpty();
    }

    [Theory]
    [InlineData("qemu-system-x86_64\0-name\0guest=a\0-uuid\0v\0-no-user-config\0", true)]
    [InlineData("qemu-system-x86_64\0-name\0-uuid v\0-uuid\0w\0", false)]
    [InlineData("", false)]
    public void A_process_is_a_VMs_by_its_command_line(string line, bool its) => QemuPeer.IsFor(Encoding.ASCII.GetBytes(line), "v").Should().Be(its);

    /// <summary>Its command line lies where the process says, and is as long.</summary>
    [Theory]
    [InlineData(QemuPeer.MostCommandLine - 1, true)]
    [InlineData(QemuPeer.MostCommandLine, false)]
    public void One_that_does_not_come_to_an_end_is_nobodys(int length, bool its)
    {
        var file = Path.Combine(_folder, "cmdline");
        var line = new byte[length];
        "q\0-uuid\0v\0"u8.CopyTo(line);
        File.WriteAllBytes(file, line);
        QemuPeer.IsFor(QemuPeer.CommandLine(file), "v").Should().Be(its);
    }
}
