using System.Collections.Immutable;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>All protocols and ports, as the service classes of one or two revisions cut them.</summary>
internal sealed class ServiceSpace
{
    private static readonly int[] Protocol = [Protocols.Tcp, Protocols.Udp, Protocols.Sctp, Protocols.Icmp, Protocols.Icmp6, -1];
    private readonly ServiceClasses _classes;
    private readonly Dictionary<ServiceMatch, int> _matchNumbers;
    private readonly ServiceKind[] _kinds;

    /// <param name="matches">Every service that is to be told apart.</param>
    public ServiceSpace(IEnumerable<ServiceMatch> matches, Func<(string Who, RuleRef? Rule)> most)
    {
        ImmutableArray<ServiceMatch> all = [.. matches.Concat(FixedServices.Edges).Distinct().Order()];
        _matchNumbers = all.Select((m, i) => (m, i)).ToDictionary(x => x.m, x => x.i);
        _classes = new(all, most);
        _kinds = [.. Protocol.Select((p, kind) => new ServiceKind(_classes, kind, p))];
    }

    public int Count => _classes.Count;

    /// <summary>Classes that a service of the constructor's holds.</summary>
    public IReadOnlyList<int> ClassesOf(ServiceMatch match) => _classes.ClassesOf(_matchNumbers[match]);

    /// <summary>One packet of each class; null = the family has none, or rules have no say in it.</summary>
    public (int Protocol, int Destination, int Source)?[] Samples(AddressFamily family)
    {
        var samples = new (int, int, int)?[Count];
        foreach (var kind in KindsOf(family).Reverse())
            foreach (var (number, destination, source) in kind.Samples())
                if (!FixedServices.IsAnswer(kind.ProtocolOf(destination), destination)) samples[number] = kind.Packet(destination, source);
        return samples;
    }

    /// <summary>Adds what may be counted in or not to protocols of which all else is in: so it makes no holes.</summary>
    /// <param name="inside">By class.</param>
    /// <param name="free">Classes that no rule decides about.</param>
    public void Fill(bool[] inside, bool[] free, AddressFamily family)
    {
        var fillable = KindsOf(family).Select(k => k.Classes.ToArray()).Where(k => k.Any(c => inside[c]) && k.All(c => inside[c] || free[c])).ToArray();
        foreach (var number in fillable.SelectMany(k => k)) inside[number] = true;
    }

    /// <summary>By class, whether it is one of these.</summary>
    public bool[] Set(IEnumerable<int> classes)
    {
        var inside = new bool[Count];
        foreach (var number in classes) inside[number] = true;
        return inside;
    }

    /// <summary>The classes in words.</summary>
    public Services Name(IEnumerable<int> classes, AddressFamily family)
    {
        var inside = Set(classes);
        var matches = ImmutableArray.CreateBuilder<ServiceMatch>();
        var excepts = ImmutableArray.CreateBuilder<ServiceMatch>();
        var outsides = ImmutableArray.CreateBuilder<ServiceMatch>();
        var outside = inside.Select(i => !i).ToArray();
        foreach (var kind in KindsOf(family))
        {
            var (mine, others) = (kind.Boxes(inside), kind.Boxes(outside));
            outsides.AddRange(others);
            if (kind.Whole is not { } whole || mine.Count == 0 || mine.Count <= 1 + others.Count) matches.AddRange(mine);
            else
            {
                matches.Add(whole);
                excepts.AddRange(others);
            }
        }
        return 1 + outsides.Count < matches.Count + excepts.Count || outsides.Count == 0
            ? new([ServiceMatch.Any], outsides.ToImmutable()) : new(matches.ToImmutable(), excepts.ToImmutable());
    }

    private IEnumerable<ServiceKind> KindsOf(AddressFamily family) =>
        _kinds.Where((_, kind) => kind != (family == AddressFamily.IPv4 ? ImageLayout.KindIcmp6 : ImageLayout.KindIcmp));
}
