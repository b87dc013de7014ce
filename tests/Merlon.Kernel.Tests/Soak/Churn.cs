using System.Diagnostics;
using System.Text.RegularExpressions;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Traffic;
using Merlon.Kernel.Tests.Attacks;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Fixtures;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Soak;

/// <summary>Everything at once: real short connections of web's, and from eve as many datagrams, SYNs, echoes, fragments and refused
/// packets of both versions as go, from ports and to addresses that a seed chooses.</summary>
internal sealed partial class Churn : IDisposable
{
    private const int Burst = 256;
    private static readonly string[] s_tables = ["conn4", "conn6", "half4", "half6", "denies"];
    private readonly PacketSocket _eve;
    private readonly ConnectLoad _load;
    private readonly Random _dice;

    /// <param name="program">An object with seeded faults; "" is the program of this checkout.</param>
    public Churn(int seed, string program = "")
    {
        _dice = new(seed);
        Place = new(program, 65536);
        _eve = new(Place.Eve, listening: false);
        _load = new(Place.Web, Place.Db, Place.Db.Ip4, AttackPlace.Service, 100);
    }

    public AttackPlace Place { get; }

    public long Frames { get; private set; }

    /// <summary>The most entries that were there at once.</summary>
    public int Most { get; private set; }

    public (int Done, int Failed) Connects { get; private set; }

    public long Drops => Place.World.Losses().Sum(d => (long)d.Value);

    /// <summary>Churns for so long, then is quiet.</summary>
    public void For(TimeSpan time)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < time;) Turn();
        Look();
        _load.Dispose();
        Connects = _load.Counts;
    }

    /// <summary>What is still in the tables, budgets and pools.</summary>
    public IEnumerable<string> Left()
    {
        foreach (var table in s_tables)
            if (Keys(table) is > 0 and var n) yield return $"{n} in {table}";
        using var budgets = Place.World.Open("budgets");
        for (var vm = 0U; vm < 8; vm++)
        {
            if (!budgets.TryLookup(vm, out BudgetRecord b)) continue;
            if (b.HalfOpen + b.Connections != 0) yield return $"VM {vm} is charged {b.HalfOpen}/{b.Connections}";
            if (!b.HoldsNothing) yield return $"VM {vm} holds {string.Join(' ', ((ReadOnlySpan<uint>)b.Held).ToArray())}";
        }
        using var pools = Place.World.Open("pools");
        for (var pool = 0U; pool < 4; pool++)
            if (pools.TryLookup(pool, out PoolRecord p) && p.Used != 0) yield return $"{p.Used} borrowed of pool {pool}";
    }

    /// <summary>Bytes that the kernel holds for the maps.</summary>
    public long Memory() => Directory.GetFiles(Path.Combine(Place.World.Folder, "maps"))
        .Sum(pin => long.Parse(Memlock().Match(KernelObject.Run("bpftool", "-j", "map", "show", "pinned", pin)).Groups[1].Value, null));

    public void Dispose()
    {
        _load.Dispose();
        _eve.Dispose();
        Place.Dispose();
    }

    // A burst of frames.
    private void Turn()
    {
        for (var n = 0; n < Burst; n++) _eve.Send(Checksums.Fill(Next().Bytes()));
        Frames += Burst;
        if (Frames % (Burst * 64) == 0) Look();
        // Room for the stacks on a machine with two cores.
        Thread.Sleep(2);
    }

    private void Look() => Most = Math.Max(Most, Place.World.Kernel.Connections.List().Count);

    private Packet Next()
    {
        var v6 = _dice.Next(2) == 0;
        var packet = AttackPlace.Forged(Place.Eve, Place.Eve, Place.Db, v6) with { SourcePort = _dice.Next(1024, 65536), DestinationPort = AttackPlace.Open, Data = _dice.Next(0, 64) * 8 };
        return _dice.Next(8) switch
        {
            0 => packet with { Proto = Protocols.Tcp, Flags = Tcp.Syn, Seq = (uint)_dice.Next() },
            1 => packet with { Proto = Protocols.Tcp, Flags = (Tcp)_dice.Next(64), Seq = (uint)_dice.Next(), Ack = (uint)_dice.Next() },
            2 => packet with { DestinationPort = AttackPlace.Shut },
            3 => packet with { MoreFragments = true, Id = _dice.Next(65536), UdpLength = 2000 },
            4 => packet with { FragmentOffset = 512, Id = _dice.Next(65536) },
            5 => packet with { Source = Address.Parse(v6 ? "fd00:9::77" : "10.9.0.77") },
            6 => packet with { Proto = v6 ? Protocols.Icmp6 : Protocols.Icmp, IcmpType = v6 ? 128 : 8 },
            _ => packet,
        };
    }

    private int Keys(string table) => table switch
    {
        "denies" => Count<DenyKey, DenyRecord>(table),
        "conn4" or "half4" => Count<ConnKey4, ConnRecord>(table),
        _ => Count<ConnKey6, ConnRecord>(table),
    };

    private int Count<TKey, TValue>(string table) where TKey : unmanaged where TValue : unmanaged
    {
        using var map = Place.World.Open(table);
        return map.ReadAll<TKey, TValue>().Count;
    }

    [GeneratedRegex("\"bytes_memlock\":([0-9]+)")]
    private static partial Regex Memlock();
}
