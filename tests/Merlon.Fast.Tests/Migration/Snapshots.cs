using Merlon.Agent.Migration.Bus;
using Merlon.Agent.Migration.Connections;
using Merlon.Policy.Model;

namespace Merlon.Fast.Tests.Migration;

/// <summary>Snapshots and calls, made by hand.</summary>
internal static class Snapshots
{
    public static readonly Guid Vm = Guid.Parse("00000000-0000-4000-8000-000000000001");
    public static readonly Address Own = Address.Parse("10.8.0.1");

    public static CarriedConnection Connection(int n) => new(0, Protocols.Tcp, CarriedFlags.Opened | CarriedFlags.ScaleOk, 7, 7, 0, Own, Address.Parse($"192.0.2.{n % 250 + 1}"),
        (ushort)(1024 + n % 60000), 443, new() { End = (uint)n, MaxEnd = (uint)n + 64000, MaxWin = 64000 }, new() { End = (uint)n * 7, MaxEnd = (uint)n * 7 + 64000, MaxWin = 64000 },
        1, 2, 3, 4, 5, 6, 60_000, (uint)(n % 60_000), 43_200_000);

    /// <summary>All that it says.</summary>
    public static string Hex(CarriedConnection connection)
    {
        var row = new byte[CarriedRow.Bytes];
        CarriedRow.Write(connection, row);
        return Convert.ToHexString(row);
    }

    public static ConnectionSnapshot Of(int connections) => new(Vm, "host-1", 1_800_000_000_000, true, 0, [.. Enumerable.Range(0, connections).Select(Connection)]);

    public static byte[] Bytes(int connections) => Of(connections).Write();

    /// <summary>A D-Bus call, whole.</summary>
    public static byte[] Call(string @interface, string member, string signature = "", Action<BusWriter>? body = null, byte flags = 0, string destination = ":1.1")
    {
        var content = new BusWriter();
        body?.Invoke(content);
        var message = new BusWriter().Byte((byte)'l').Byte(BusCall.MethodCall).Byte(flags).Byte(1).U32((uint)content.Written.Length).U32(7).Array(8, f =>
        {
            f.Align(8).Byte(1).Signature("o").Text("/org/qemu/VMState1");
            f.Align(8).Byte(2).Signature("s").Text(@interface);
            f.Align(8).Byte(3).Signature("s").Text(member);
            f.Align(8).Byte(6).Signature("s").Text(destination);
            if (signature.Length > 0) f.Align(8).Byte(8).Signature("g").Signature(signature);
        });
        return message.Align(8).Raw(content.Written).Written;
    }

    public static IEnumerable<byte[]> Calls() =>
    [
        Call("org.qemu.VMState1", "Save"), Call("org.qemu.VMState1", "Load", "ay", w => w.Bytes([1, 2, 3])), Call("org.freedesktop.DBus", "Hello"),
        Call("org.freedesktop.DBus", "ListQueuedOwners", "s", w => w.Text("org.qemu.VMState1")),
        Call("org.freedesktop.DBus.Properties", "GetAll", "s", w => w.Text("org.qemu.VMState1")),
        Call("org.freedesktop.DBus.Properties", "Get", "ss", w => w.Text("org.qemu.VMState1").Text("Id")),
    ];
}
