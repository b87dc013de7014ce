using System.Globalization;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Events;
using Merlon.Datapath.Maps;
using Merlon.Kernel.Tests.Bench;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>One loaded program with one policy, for many rows.</summary>
internal sealed class PacketWorld : IDisposable
{
    private const int Large = 4096, MostVms = 7;
    private readonly Dictionary<string, Port> _plain;
    private readonly ClaimReader _claims;
    private readonly string _name;
    private string _inForce;
    private ushort _row;

    public PacketWorld(WorldKey key, string objectPath)
    {
        var size = key.Tables == 0 ? Large : key.Tables;
        World = new(null, new(objectPath, "", size, size, size) { Alone = true });
        _name = _inForce = key.Name;
        World.Apply(PacketFile.World(key.Name));
        _plain = new(World.Ports);
        World.Kernel.Budgets.KeepShares(_plain.Count);
        Maps = new(World.Folder);
        _claims = World.Kernel.OpenClaims();
    }

    public World World { get; }

    public EntryMaps Maps { get; }

    private ushort Segment => (ushort)(1000 + _row);

    // As the agent does: a segment of its own.
    private ushort TrunkSegment(int vm) => (ushort)(20000 + _row * (MostVms + 1) + vm);

    /// <summary>Another world's policy, for the rest of the row.</summary>
    public void Apply(string world)
    {
        World.Apply(PacketFile.World(world));
        _inForce = world;
    }

    /// <summary>Gives every port numbers that no earlier row had, and what the row sets up.</summary>
    public void Begin(PortSetup[] setup)
    {
        Claims();
        _row++;
        var adopting = new Dictionary<uint, ulong>();
        foreach (var (vm, plain) in _plain)
        {
            var mine = setup.FirstOrDefault(s => s.Vm == vm);
            var record = plain.Record with { Segment = mine?.Frames.IsTrunk == true ? TrunkSegment(plain.Record.Vm) : Segment, Vnic = plain.Record.Vnic + _row * 100U, Vm = (ushort)(_row * _plain.Count % 2000 + plain.Record.Vm) };
            World.ChangePort(vm, _ => mine?.Change(record) ?? record);
            World.Kernel.Macs.Set(record.Segment, plain.Mac, plain.Ifindex, record.Vnic);
            foreach (var address in plain.Addresses.Concat(mine?.Owns ?? [])) World.Kernel.Owners.Set(record.Realm, address, record.Vnic);
            if (mine is { Licence.IsNone: false }) World.Kernel.Licences.Set(record.Vnic, record.Slot, mine.Licence);
            Maps.ClearBudget(record.Vm);
            World.Kernel.Budgets.SetLimits(record.Vm, mine?.Connections ?? 0, mine?.HalfOpen ?? 0, mine?.Rates);
            if (mine is { Adopt: > 0 }) adopting[record.Vnic] = BootClock.NowNs + (ulong)mine.Adopt * 1_000_000_000;
        }
        World.Kernel.Adoptions.Set(adopting);
    }

    /// <summary>Nothing of the row is left but its numbers, which nobody gets again.</summary>
    public void End()
    {
        Maps.Clear();
        if (_inForce != _name) Apply(_name);
        foreach (var (segment, mac, _) in World.Kernel.Macs.List()) World.Kernel.Macs.Remove(segment, mac);
        foreach (var (realm, address, _) in World.Kernel.Owners.List()) World.Kernel.Owners.Remove(realm, address);
        foreach (var vnic in World.Kernel.Licences.List().Keys) World.Kernel.Licences.Remove(vnic);
    }

    public ConnectionEntry[] Entries() => [.. World.Kernel.Connections.List().Where(e => e.Segment == Segment || (e.Segment >= TrunkSegment(0) && e.Segment <= TrunkSegment(MostVms)))];

    public Dictionary<uint, RuleHits> RuleHits() =>
        World.Rules.Keys.Concat(PacketBench.Builtins)
            .ToDictionary(id => id, World.Kernel.Counters.RuleHits);

    /// <summary><c>HALF-OPEN/ESTABLISHED</c>, and <c>refused N</c> if there were any, of whatever kind.</summary>
    public string Budget(string vm)
    {
        var b = World.Kernel.Budgets.Get(World[vm].Record.Vm);
        var refused = BudgetRecord.Budgets.Sum(r => b.Refused(r));
        return string.Create(CultureInfo.InvariantCulture, $"{b.HalfOpen}/{b.Connections}{(refused > 0 ? $" refused {refused}" : "")}");
    }

    /// <summary>Told since the last time: <c>VM HOW ADDRESS</c>, and of an answer the bytes of its options and <c>cut</c>.</summary>
    public string[] Claims()
    {
        var claims = new ClaimRecord[256];
        return [.. claims.Take(_claims.Drain(claims)).Select(c => string.Join(' ', ((string?[])[
            World.Ports.Values.FirstOrDefault(p => p.Record.Vnic == c.Vnic)?.Vm ?? "nobody", c.How.ToString().ToLowerInvariant(), c.How == ClaimHow.Dhcp6 ? null : c.Address.ToAddress().ToString(),
            c.How >= ClaimHow.Dhcp4 ? c.Length.ToString(CultureInfo.InvariantCulture) : null, c.Cut != 0 ? "cut" : null]).OfType<string>()))];
    }

    public void Dispose()
    {
        _claims.Dispose();
        Maps.Dispose();
        World.Dispose();
    }
}
