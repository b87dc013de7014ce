using Merlon.Policy.Compile;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>One protocol (or all that have no ports or types) as a plane: destination by source, cut into classes.</summary>
internal sealed class ServiceKind
{
    /// <summary>A source port that looks like one, where no rule asks for another.</summary>
    private const int SomeSource = 40000;

    private readonly int _protocol;
    private readonly List<(int Low, int High, int Column)> _destinations = [];
    private readonly List<(int Low, int High, int Column)> _sources = [];
    private readonly int[][] _classOf;

    /// <param name="protocol">-1 = the value is the protocol number.</param>
    public ServiceKind(ServiceClasses classes, int kind, int protocol)
    {
        _protocol = protocol;
        var word = classes.Kinds[kind];
        var (first, width) = ((int)(word >> 32), (int)(word >> 16) & 0xffff);
        Runs(_destinations, classes, (int)word & 0xff, protocol < 0 ? 255 : 65535);
        Runs(_sources, classes, (int)(word >> 8) & 0xff, 65535);
        if (protocol < 0) _destinations.RemoveAll(d => d.Low == d.High && IsNamed(d.Low));
        _classOf = [.. Enumerable.Range(0, _destinations.Max(d => d.Column) + 1)
            .Select(d => Enumerable.Range(0, width).Select(s => (int)classes.Combos[first + d * width + s]).ToArray())];
    }

    /// <summary>The protocol without ports; null where there is no word for all of the kind.</summary>
    public ServiceMatch? Whole => _protocol < 0 ? null : ServiceMatch.Any with { Protocol = _protocol };

    /// <summary>Every class in the plane.</summary>
    public IEnumerable<int> Classes => _destinations.SelectMany(d => _classOf[d.Column]).Distinct();

    public int ProtocolOf(int destination) => _protocol < 0 ? destination : _protocol;

    public (int Protocol, int Destination, int Source) Packet(int destination, int source) =>
        _protocol < 0 ? (destination, 0, 0) : (_protocol, destination, Protocols.HasPorts(_protocol) ? source : 0);

    /// <summary>A packet of each class in the plane, the likeliest last.</summary>
    public IEnumerable<(int Class, int Destination, int Source)> Samples()
    {
        // Low ports before high ones; among protocols the high numbers, since low ones are headers that others follow.
        foreach (var d in _protocol < 0 ? _destinations : Enumerable.Reverse(_destinations))
            foreach (var s in _sources.OrderBy(IsUsual))
                yield return (_classOf[d.Column][s.Column], Value(d), IsUsual(s) ? SomeSource : s.Low);
    }

    /// <summary>The classes as rectangles without overlap, most sources first merged, then destinations.</summary>
    public List<ServiceMatch> Boxes(bool[] inside)
    {
        var patterns = _classOf.Select(row => Pattern(row, inside)).ToArray();
        var empty = new string('-', _classOf[0].Length);
        if (Whole is { } whole && _destinations.TrueForAll(d => !patterns[d.Column].Contains('-'))) return [whole];
        var boxes = new List<ServiceMatch>();
        foreach (var pattern in _destinations.Select(d => patterns[d.Column]).Distinct().Where(p => p != empty))
        {
            var sources = Merged(_sources.Where(s => pattern[s.Column] == '+')).ToArray();
            foreach (var row in Merged(_destinations.Where(d => patterns[d.Column] == pattern)).SelectMany(Rows))
                boxes.AddRange(sources.Select(s => row with { SourceLow = s.Low, SourceHigh = s.High }));
        }
        return boxes;
    }

    private static string Pattern(int[] row, bool[] inside) =>
        string.Create(row.Length, (row, inside), static (text, x) =>
        {
            for (var i = 0; i < text.Length; i++) text[i] = x.inside[x.row[i]] ? '+' : '-';
        });

    /// <summary>In the units that the language has: ports in ranges, ICMP by type or code, protocols one by one.</summary>
    private IEnumerable<ServiceMatch> Rows((int Low, int High) range)
    {
        if (_protocol >= 0 && !Protocols.IsIcmp(_protocol)) return [new(_protocol, range.Low, range.High, 0, 65535)];
        return _protocol < 0
            ? Enumerable.Range(range.Low, range.High - range.Low + 1).Where(p => !IsNamed(p)).Select(p => ServiceMatch.Any with { Protocol = p })
            : Types(range.Low, range.High);
    }

    private IEnumerable<ServiceMatch> Types(int low, int high)
    {
        while (low <= high)
        {
            var end = (low & 255) == 0 && (low | 255) <= high ? low | 255 : low;
            yield return new(_protocol, low, end, 0, 65535);
            low = end + 1;
        }
    }

    /// <summary>Echo requests, and ports other than 0, before others.</summary>
    private int Value((int Low, int High, int Column) run)
    {
        var echo = _protocol == Protocols.Icmp ? 8 << 8 : 128 << 8;
        if (Protocols.IsIcmp(_protocol)) return run.Low <= echo && echo <= run.High ? echo : run.Low;
        if (_protocol >= 0) return Math.Min(Math.Max(run.Low, 1), run.High);
        return Enumerable.Range(run.Low, run.High - run.Low + 1).FirstOrDefault(p => p > 0 && !IsNamed(p), run.Low);
    }

    private static bool IsUsual((int Low, int High, int Column) source) => source.Low <= SomeSource && SomeSource <= source.High;

    private static bool IsNamed(int protocol) => Protocols.HasPorts(protocol) || Protocols.IsIcmp(protocol);

    private static IEnumerable<(int Low, int High)> Merged(IEnumerable<(int Low, int High, int Column)> runs)
    {
        (int Low, int High)? open = null;
        foreach (var run in runs)
        {
            if (open is { } o && o.High + 1 == run.Low) open = (o.Low, run.High);
            else
            {
                if (open is { } done) yield return done;
                open = (run.Low, run.High);
            }
        }
        if (open is { } last) yield return last;
    }

    private static void Runs(List<(int Low, int High, int Column)> runs, ServiceClasses classes, int plane, int last)
    {
        if (plane == ImageLayout.NoPlane)
        {
            runs.Add((0, last, 0));
            return;
        }
        for (var value = 0; value <= last; value++)
        {
            var column = classes.Chunks[classes.Planes[plane][value >> 8]][value & 255];
            if (runs.Count > 0 && runs[^1].Column == column) runs[^1] = runs[^1] with { High = value };
            else runs.Add((value, value, column));
        }
    }
}
