using System.Collections.Immutable;
using Merlon.Policy.Cases;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>Sets of units in the words of the language, exactly: groups first, then prefixes that the policy names, VMs, addresses.</summary>
internal sealed class EndNames
{
    private readonly AddressLine _line;
    private readonly CompiledRevision _after;
    private readonly (string Name, int[] Units)[] _groups;
    private readonly (string Name, int Start, int End)[] _prefixes;

    public EndNames(AddressLine line, CompiledRevision after, Resolve.Membership membership, IEnumerable<Prefix> prefixes)
    {
        (_line, _after) = (line, after);
        _groups = new GroupUnits(line, after.Policy, membership).All;
        _prefixes = [.. prefixes.Select(p => ($"cidr/{p}", line.Range(p).Start, line.Range(p).End)).Where(p => p.Item3 > p.Item2)];
    }

    /// <param name="senders">Only addresses that can send are spoken of.</param>
    public Ends Of(IEnumerable<int> units, bool senders)
    {
        var universe = _line.Units.Select(u => !senders || _line.Classes[u.Class].Sends).ToArray();
        var inside = new bool[universe.Length];
        foreach (var unit in units) inside[unit] = universe[unit];
        var outside = inside.Select((i, unit) => !i && universe[unit]).ToArray();
        var best = new Ends(Cover(inside, universe), []);
        if (Shorter("any", outside, universe, best) is { } all) best = all;
        if (best.Names.Length + best.Except.Length <= 2) return best;
        foreach (var (name, members) in Containers(inside, universe))
        {
            var rest = members.Select((m, unit) => m && !inside[unit] && universe[unit]).ToArray();
            if (Shorter(name, rest, universe, best) is { } shorter) best = shorter;
        }
        return best;
    }

    private Ends? Shorter(string name, bool[] except, bool[] universe, Ends than)
    {
        var names = Cover(except, universe);
        return 1 + names.Length < than.Names.Length + than.Except.Length || (names.IsEmpty && than.Names != [name]) ? new([name], names) : null;
    }

    /// <summary>The narrowest group and the narrowest prefix around the set.</summary>
    private IEnumerable<(string Name, bool[] Members)> Containers(bool[] inside, bool[] universe)
    {
        var count = inside.Count(i => i);
        foreach (var (name, units) in _groups.Reverse())
        {
            if (units.Count(u => inside[u]) < count) continue;
            var members = new bool[inside.Length];
            foreach (var unit in units) members[unit] = universe[unit];
            yield return (name, members);
            break;
        }
        var (first, last) = (Array.IndexOf(inside, true), Array.LastIndexOf(inside, true));
        if (_prefixes.LastOrDefault(p => p.Start <= first && last < p.End) is { Name: not null } prefix)
            yield return (prefix.Name, [.. universe.Select((u, unit) => u && unit >= prefix.Start && unit < prefix.End)]);
    }

    private ImmutableArray<string> Cover(bool[] inside, bool[] universe)
    {
        var open = inside.ToArray();
        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var (name, units) in _groups) Take(name, units, names, inside, open, universe);
        var outside = Enumerable.Range(0, inside.Length).Where(u => !_line.Units[u].IsOwned).ToArray();
        Take("outside", outside, names, inside, open, universe);
        var (sums, last) = (Sums(inside, universe), 0);
        foreach (var (name, start, end) in _prefixes)
        {
            if (start < last || sums[end] - sums[start] > 0) continue;
            last = end;
            Take(name, [.. Enumerable.Range(start, end - start)], names, inside, open, universe);
        }
        Vms(names, inside, open);
        Addresses(names, open);
        return names.ToImmutable();
    }

    private static void Take(string name, int[] units, ImmutableArray<string>.Builder names, bool[] inside, bool[] open, bool[] universe)
    {
        var any = false;
        foreach (var unit in units)
        {
            if (!inside[unit] && universe[unit]) return;
            any |= open[unit];
        }
        if (!any) return;
        names.Add(name);
        foreach (var unit in units) open[unit] = false;
    }

    /// <summary>How many units of the universe before each are not inside.</summary>
    private static int[] Sums(bool[] inside, bool[] universe)
    {
        var sums = new int[inside.Length + 1];
        for (var i = 0; i < inside.Length; i++) sums[i + 1] = sums[i] + (universe[i] && !inside[i] ? 1 : 0);
        return sums;
    }

    private void Vms(ImmutableArray<string>.Builder names, bool[] inside, bool[] open)
    {
        var owned = Enumerable.Range(0, open.Length).Where(u => _line.Units[u].IsOwned).ToLookup(u => Vm(u).Uuid);
        foreach (var uuid in Enumerable.Range(0, open.Length).Where(u => open[u] && _line.Units[u].IsOwned).Select(u => Vm(u).Uuid).Distinct())
        {
            if (!owned[uuid].All(u => inside[u])) continue;
            var name = Vm(owned[uuid].First()).Name;
            names.Add($"vm/{(_after.Vms.Named(name, null).Take(2).Count() == 1 ? name : uuid)}");
            foreach (var unit in owned[uuid]) open[unit] = false;
        }
    }

    private void Addresses(ImmutableArray<string>.Builder names, bool[] open)
    {
        for (var unit = 0; unit < open.Length; unit++)
        {
            if (!open[unit]) continue;
            var end = unit;
            while (end + 1 < open.Length && open[end + 1] && Follows(_line.Units[end].High, _line.Units[end + 1].Low)) end++;
            names.AddRange(PrefixesOf(_line.Units[unit].Low, _line.Units[end].High).Select(p => $"cidr/{p}"));
            unit = end;
        }
    }

    private InventoryVm Vm(int unit) => (_line.Units[unit].After ?? _line.Units[unit].Before)!.Vm;

    private static bool Follows(Address last, Address next) => last.Bits + 1 == next.Bits;

    private static IEnumerable<Prefix> PrefixesOf(Address low, Address high)
    {
        while (true)
        {
            var length = low.Width;
            while (length > 0 && Fits(length - 1)) length--;
            var prefix = new Prefix(low, length);
            yield return prefix;
            if (PolicyEdges.Last(prefix) == high) yield break;
            low = low with { Bits = PolicyEdges.Last(prefix).Bits + 1 };
        }

        bool Fits(int length) => new Prefix(low, length) is { IsCanonical: true } wider && PolicyEdges.Last(wider).CompareTo(high) <= 0;
    }
}
