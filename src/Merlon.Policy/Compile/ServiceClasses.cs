using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>Protocol and ports to service classes: equal set of matching services = equal class.</summary>
internal sealed class ServiceClasses
{
    private readonly Numbering<int> _classes = new();
    private readonly Numbering<ushort> _chunks = new();
    private readonly List<ushort[]> _planes = [];
    private readonly List<ushort> _combos = [];
    private readonly Dictionary<UntrackedPorts, int> _untracked = [];
    private readonly List<int>[] _classesOfMatch;
    private readonly Func<(string Who, RuleRef? Rule)> _most;

    /// <param name="matches">Distinct and sorted.</param>
    /// <param name="most">The rule to blame when they are too many.</param>
    public ServiceClasses(ImmutableArray<ServiceMatch> matches, Func<(string Who, RuleRef? Rule)> most)
    {
        _most = most;
        int[] protocols = [Protocols.Tcp, Protocols.Udp, Protocols.Sctp, Protocols.Icmp, Protocols.Icmp6];
        for (var kind = 0; kind < protocols.Length; kind++) Kinds[kind] = Kind(matches, protocols[kind]);
        Kinds[ImageLayout.KindOther] = Other(matches, protocols);
        _classesOfMatch = [.. matches.Select(_ => new List<int>())];
        for (var c = 0; c < _classes.Count; c++)
            foreach (var match in _classes[c]) _classesOfMatch[match].Add(c);
    }

    public int Count => _classes.Count;

    public ulong[] Kinds { get; } = new ulong[ImageLayout.KindCount];

    /// <summary>256 chunk numbers each.</summary>
    public IReadOnlyList<ushort[]> Planes => _planes;

    /// <summary>256 values each.</summary>
    public IReadOnlyList<ushort[]> Chunks => _chunks.All;

    public IReadOnlyList<ushort> Combos => _combos;

    /// <summary>Classes that a match (by its index) holds.</summary>
    public IReadOnlyList<int> ClassesOf(int match) => _classesOfMatch[match];

    /// <summary>Plane of a Guard's lists: each port with the roles that it has in them. Equal lists share one; none = 0, which nobody reads.</summary>
    public int Untracked(UntrackedPorts ports)
    {
        if (ports.IsNone) return 0;
        if (_untracked.TryGetValue(ports, out var known)) return known;
        var roles = new ushort[PortRange.Most + 1];
        Add(ports.Serves, UntrackedRole.Serves);
        Add(ports.Asks, UntrackedRole.Asks);
        return _untracked[ports] = Plane(roles.Chunk(256));

        void Add(ImmutableArray<PortRange> ranges, UntrackedRole role)
        {
            foreach (var range in ranges)
                for (var port = range.Low; port <= range.High; port++) roles[port] |= (ushort)role;
        }
    }

    private ulong Kind(ImmutableArray<ServiceMatch> matches, int protocol)
    {
        var ports = Protocols.HasPorts(protocol);
        var mine = Enumerable.Range(0, matches.Length)
            .Where(i => (matches[i].Protocol < 0 || matches[i].Protocol == protocol) && (ports || matches[i].SourceLow == 0)).ToArray();
        var destinations = new ValueClasses([.. mine.Select(i => (i, matches[i].Low, matches[i].High))]);
        var narrow = ports && mine.Any(i => matches[i] is not { SourceLow: 0, SourceHigh: 65535 });
        var sources = narrow ? new ValueClasses([.. mine.Select(i => (i, matches[i].SourceLow, matches[i].SourceHigh))]) : null;
        return Add(destinations, sources);
    }

    private ulong Other(ImmutableArray<ServiceMatch> matches, int[] named)
    {
        var mine = Enumerable.Range(0, matches.Length).Where(i => !named.Contains(matches[i].Protocol) && matches[i] is { Low: 0, SourceLow: 0 });
        return Add(new([.. mine.Select(i => matches[i].Protocol < 0 ? (i, 0, 65535) : (i, matches[i].Protocol, matches[i].Protocol))]), null);
    }

    /// <summary>The kind's word of abi.h.</summary>
    private ulong Add(ValueClasses destinations, ValueClasses? sources)
    {
        var (first, width) = (_combos.Count, sources?.Count ?? 1);
        OverLimitException.Check(first + (long)destinations.Count * width, ImageLimits.Combos, "service combinations (destination ports by source ports)", _most);
        for (var d = 0; d < destinations.Count; d++)
            for (var s = 0; s < width; s++)
                _combos.Add((ushort)Class(sources is null ? destinations.Ids(d) : Both(destinations.Ids(d), sources.Ids(s))));
        var plane = Plane(destinations.Chunks());
        var sourcePlane = sources is null ? ImageLayout.NoPlane : Plane(sources.Chunks());
        return (uint)plane | (ulong)(uint)sourcePlane << 8 | (ulong)(uint)width << 16 | (ulong)(uint)first << 32;
    }

    private int Class(int[] matches)
    {
        var number = _classes.Of(matches);
        OverLimitException.Check(number + 1L, ImageLimits.ServiceClasses, "service classes", _most);
        return number;
    }

    private int Plane(IEnumerable<ushort[]> chunks)
    {
        var plane = new List<ushort>(256);
        ushort[]? before = null;
        foreach (var chunk in chunks)
        {
            plane.Add(ReferenceEquals(chunk, before) ? plane[^1] : (ushort)_chunks.Of(chunk));
            before = chunk;
        }
        OverLimitException.Check(_chunks.Count, ImageLimits.Chunks, "chunks of ports", _most);
        _planes.Add([.. plane]);
        return _planes.Count - 1;
    }

    /// <summary>What is in both of two ascending lists.</summary>
    private static int[] Both(int[] a, int[] b)
    {
        var both = new List<int>();
        for (int i = 0, j = 0; i < a.Length && j < b.Length;)
        {
            if (a[i] == b[j]) both.Add(a[i]);
            if (a[i] <= b[j]) i++;
            else j++;
        }
        return [.. both];
    }
}
