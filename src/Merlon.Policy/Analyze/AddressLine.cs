using Merlon.Policy.Cases;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>All addresses of one family in one realm, in order, cut wherever something can tell two of them apart.</summary>
internal sealed class AddressLine
{
    // Never anybody's: unspecified and loopback; received but never sent from: group, reserved, broadcast.
    private static readonly Prefix[] Nobody = [Of("0.0.0.0/8"), Of("127.0.0.0/8"), Of("::/127")];
    private static readonly Prefix[] Groups = [Of("224.0.0.0/4"), Of("ff00::/8")];
    private static readonly Prefix[] Mute = [Of("224.0.0.0/3"), Of("ff00::/8")];

    private readonly Dictionary<EndClass, int> _numbers = [];

    public AddressLine(string realm, AddressFamily family, CompiledRevision before, CompiledRevision after, IEnumerable<Prefix> prefixes)
    {
        (Realm, Family) = (realm, family);
        var top = family == AddressFamily.IPv4 ? uint.MaxValue : UInt128.MaxValue;
        var cuts = new HashSet<UInt128> { 0 };
        var own = Own(before).Concat(Own(after));
        foreach (var prefix in prefixes.Concat(Nobody).Concat(Groups).Concat(Mute).Where(p => p.Family == family).Concat(own))
        {
            cuts.Add(prefix.Network.Bits);
            if (PolicyEdges.Last(prefix).Bits is var last && last != top) cuts.Add(last + 1);
        }
        var starts = cuts.Order().ToArray();
        var units = new List<AddressUnit>(starts.Length);
        for (var i = 0; i < starts.Length; i++)
        {
            Address low = new(starts[i], family), high = new(i + 1 < starts.Length ? starts[i + 1] - 1 : top, family);
            if (Nobody.Any(p => p.Contains(low))) continue;
            var (b, a) = (before.Owner(realm, low), after.Owner(realm, low));
            units.Add(new(low, high, b, a, Class(new(before.View(realm, low), after.View(realm, low), b is not null || a is not null,
                !Mute.Any(p => p.Contains(low)), Groups.Any(p => p.Contains(low))))));
        }
        Units = [.. units];
        Classes = [.. _numbers.Keys];
        var members = new List<int>[Classes.Length];
        for (var i = 0; i < Units.Length; i++) (members[Units[i].Class] ??= []).Add(i);
        Members = [.. members.Select(m => m.ToArray())];

        IEnumerable<Prefix> Own(CompiledRevision revision) => revision.Vms.Nics.Where(n => n.Nic.Realm == realm)
            .SelectMany(n => n.Nic.Addresses).Where(a => a.Family == family).Select(Prefix.Of);
    }

    public string Realm { get; }

    public AddressFamily Family { get; }

    /// <summary>Ascending.</summary>
    public AddressUnit[] Units { get; }

    public EndClass[] Classes { get; }

    /// <summary>Units of each class, ascending.</summary>
    public int[][] Members { get; }

    /// <summary>Index of the unit that starts at this address or the next one behind it.</summary>
    public int From(Address address)
    {
        int low = 0, high = Units.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Units[middle].Low.CompareTo(address) < 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>Units of a prefix that the line was cut by: from the first to before the second.</summary>
    public (int Start, int End) Range(Prefix prefix)
    {
        var last = PolicyEdges.Last(prefix);
        var end = From(last);
        return (From(prefix.Network), end < Units.Length && Units[end].Low == last ? end + 1 : end);
    }

    /// <summary>A unit of each that together make traffic; null = there are none, all are one vNIC.</summary>
    public (int From, int To)? Meeting(IEnumerable<int> from, IReadOnlyCollection<int> to)
    {
        foreach (var f in from)
            foreach (var t in to)
                if (f != t && Units[f].Meets(Units[t])) return (f, t);
        return null;
    }

    private int Class(EndClass content)
    {
        if (_numbers.TryGetValue(content, out var number)) return number;
        _numbers.Add(content, number = _numbers.Count);
        return number;
    }

    private static Prefix Of(string text) => Prefix.TryParse(text, out var prefix) ? prefix : default;
}
