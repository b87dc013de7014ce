using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>Plays rows on the real program. A world is loaded once; each row has a segment, vNICs and budgets of its own in it, so that
/// nothing an earlier one left is found.</summary>
internal sealed class PacketBench(string objectPath) : IDisposable
{
    public static readonly uint[] Builtins = [AbiLimits.RuleIdBuiltinArp, AbiLimits.RuleIdBuiltinNd, AbiLimits.RuleIdBuiltinDhcp, AbiLimits.RuleIdBuiltinGroup, AbiLimits.RuleIdBuiltinEtherType];
    private readonly Dictionary<WorldKey, PacketWorld> _worlds = [];

    /// <summary>Null: everything as the row says; else the first thing that is not, with file and line.</summary>
    public string? Play(PacketRow row)
    {
        if (!_worlds.TryGetValue(row.World, out var world)) _worlds[row.World] = world = new(row.World, objectPath);
        world.Begin(row.Setup);
        try
        {
            foreach (var step in row.Steps)
                if (Step(world, step) is { } wrong) return $"{row.File}:{step.At.Line}: {step.Text}\n  {wrong}";
            return End(world, row) is { } left ? $"{row.File}:{row.At.Line}: {left}" : null;
        }
        finally
        {
            world.End();
        }
    }

    public void Dispose()
    {
        foreach (var world in _worlds.Values) world.Dispose();
    }

    private static string? Step(PacketWorld world, PacketStep step)
    {
        if (step.Wait is { } time)
        {
            world.Maps.Pass(time);
            // Buried in one look at a table, deleted in a later one; each table has every other look.
            if (step.Sweep) world.World.WaitForTimer(5);
            return null;
        }
        if (step.Policy is { } policy)
        {
            world.Apply(policy);
            return null;
        }
        if (step.Leaver is { } vm)
        {
            world.World.Kernel.Connections.RemoveVnic(world.World[vm].Record.Vnic);
            return null;
        }
        var before = world.Entries();
        var records = world.Maps.Live();
        var fate = Send(world, step, before);
        if (step.Expected is { } expected ? !expected.Is(fate) : fate.Verdict != Verdict.Allow) return $"got: {fate}";
        if (fate.Verdict != Verdict.Deny) return null;
        // Whatever is dropped must have changed nothing, but what is cut.
        EntryText[] was = [.. before.Select(EntryText.Of)], now = [.. world.Entries().Select(EntryText.Of)];
        if (fate.Reason != Reason.Revoked && !Same(was, now)) return $"dropped, but it changed the entries from {Lines(was)} to {Lines(now)}";
        return RecordChange.First(records, world.Maps.Live(), fate.Reason) is { } change ? $"dropped, but it changed {change}" : null;
    }

    private static string? End(PacketWorld world, PacketRow row)
    {
        var left = world.Entries().Select(EntryText.Of).ToArray();
        if (!Same(row.State, left)) return $"state: {Lines(row.State)}\n  got: {Lines(left)}";
        foreach (var (vm, expected) in row.Budgets)
            if (world.Budget(vm) is var actual && expected != actual) return $"budget of {vm}: {expected}\n  got: {actual}";
        var claims = world.Claims();
        return row.Claims.SequenceEqual(claims) ? null : $"claims: {string.Join(", ", row.Claims)}\n  got: {string.Join(", ", claims)}";
    }

    private static bool Same(EntryText[] expected, EntryText[] actual)
    {
        var rest = actual.ToList();
        return expected.Length == actual.Length && expected.All(e => rest.FindIndex(e.Is) is >= 0 and var at && Taken(rest, at));
    }

    private static bool Taken(List<EntryText> from, int at)
    {
        from.RemoveAt(at);
        return true;
    }

    private static string Lines(IEnumerable<EntryText> entries) => string.Join(" + ", entries) is { Length: > 0 } text ? text : "none";

    private static Fate Send(PacketWorld world, PacketStep step, ConnectionEntry[] before)
    {
        world.World.Events();
        var hits = world.RuleHits();
        foreach (var (hook, vm) in (ReadOnlySpan<(string, string?)>)[("from_vm", step.From), ("to_vm", step.Into)])
            if (vm is not null && world.World.Hook(hook, world.World[vm], step.Frame) is { Passed: false } dropped) return new(Verdict.Deny, dropped.Reason, hook);
        // A summary is of packets before this one.
        var told = world.World.Events().Where(e => !e.Flags.HasFlag(EventFlags.Summary)).ToList();
        if (told.FirstOrDefault(e => e.Flags.HasFlag(EventFlags.WouldDeny)) is { Type: not 0 } would) return new(Verdict.WouldDeny, would.Reason);
        if (told.FirstOrDefault(e => e.Type == EventType.Open) is { Type: not 0 } open) return new(Verdict.Allow, open.Reason);
        var changed = world.RuleHits().Where(h => h.Value != hits[h.Key]).Select(h => h.Key).ToArray();
        if (changed.Any(Builtins.Contains)) return new(Verdict.Allow, Reason.Builtin);
        if (Counted(before, world.Entries()) is { } counted) return new(Verdict.Allow, counted);
        if (step.IsError) return new(Verdict.Allow, Reason.Related);
        if (changed.Length > 0) return new(Verdict.Allow, changed.Contains(AbiLimits.RuleIdDefault) ? Reason.Default : Reason.Rule);
        return new(Verdict.Allow, Reason.DirectionNotGuarded);
    }

    // On which side of which entry the packet was counted; an entry keeps its birth when it grows up.
    private static Reason? Counted(ConnectionEntry[] before, ConnectionEntry[] after)
    {
        var was = before.ToDictionary(e => e.CreatedNs, e => (e.PacketsOut, e.PacketsBack));
        if (after.Any(e => e.PacketsBack > was.GetValueOrDefault(e.CreatedNs).PacketsBack)) return Reason.Reply;
        return after.Any(e => e.PacketsOut > was.GetValueOrDefault(e.CreatedNs).PacketsOut) ? Reason.Connection : null;
    }
}
