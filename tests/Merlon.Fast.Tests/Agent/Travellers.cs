using CsCheck;
using Merlon.Agent.Migration;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Fast.Tests.Agent;

/// <summary>Connections that travel, made up.</summary>
internal static class Travellers
{
    public const string Vm = "00000000-0000-4000-8000-000000000001";

    public static readonly DateTimeOffset Saved = new(2026, 11, 24, 8, 0, 0, TimeSpan.Zero);

    private static readonly Gen<ConnWindow> s_window = Gen.Select(Gen.UInt, Gen.UInt, Gen.UInt, (end, max, win) => new ConnWindow { End = end, MaxEnd = max, MaxWin = win });

    private static readonly string[] s_rules = ["", "shop/app/web@3", "platform/ops/näh@12"];

    private static readonly Gen<TimeSpan> s_time = Gen.UInt.Select(ms => TimeSpan.FromMilliseconds(ms));

    /// <summary>Anything that can be written down, whether it makes sense or not.</summary>
    public static Gen<TravellingConnection> Any { get; } = Gen.Bool.SelectMany(v6 => Gen.Select(
        Gen.Select(Gen.Int[0, 63], Gen.UInt, Gen.Byte, Gen.Bool), Gen.Select(End(v6), End(v6)), Gen.Select(Gen.Int[1, 4], Gen.Byte), Gen.Select(s_time, s_time, s_time),
        Gen.Int[0, 2].Select(i => s_rules[i]),
        (head, ends, state, times, rule) => new TravellingConnection(head.Item1, head.Item2, head.Item3, ends.Item1, ends.Item2, head.Item4,
            (ConnState)state.Item1, (ConnFlags)state.Item2 & (ConnFlags.ScaleOk | ConnFlags.Liberal), times.Item1, times.Item2, times.Item3, rule)));

    /// <summary>An established one of VM 1 with a peer outside; no two numbers are the same one.</summary>
    public static TravellingConnection Tcp(int number, string own = "10.8.0.5", string peer = "10.9.0.7") => new(
        0, 0, 6, End(own, (ushort)(1024 + number % 60000), number), End(peer, (ushort)(443 + number / 60000), ~number), true, ConnState.Established, ConnFlags.ScaleOk,
        TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(number), TimeSpan.FromHours(11), "shop/app/web@3");

    public static ConnectionSnapshot Snapshot(params IEnumerable<TravellingConnection> connections) => new(Vm, Saved, [.. connections], 0);

    private static TravellingEnd End(string address, ushort port, int number)
    {
        var dice = new Random(number);
        var end = (uint)dice.NextInt64(1L << 32);
        return new(Address.Parse(address), port, false, 7, new() { End = end, MaxEnd = end + 64240, MaxWin = 64240 }, end + 5, (ulong)dice.Next(1 << 16), (ulong)dice.Next(1 << 24));
    }

    private static Gen<TravellingEnd> End(bool v6) => Gen.Select(v6 ? Gen.Byte.Array[16].Where(b => !b.AsSpan(0, 10).SequenceEqual(new byte[10])) : Gen.Byte.Array[4], Gen.UShort, Gen.Bool, Gen.Byte[0, 14],
        Gen.Select(s_window, Gen.UInt), Gen.Select(Gen.ULong, Gen.ULong),
        (address, port, fin, scale, tcp, counted) => new TravellingEnd(Address.FromBytes(address), port, fin, scale, tcp.Item1, tcp.Item2, counted.Item1, counted.Item2));
}
