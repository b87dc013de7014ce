using System.Collections.Immutable;
using Merlon.Policy.Cases;
using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>Two revisions on one ground: common service classes, and addresses cut finely enough for both.</summary>
internal sealed class Ground
{
    private readonly ImmutableArray<Prefix> _prefixes;
    private readonly Dictionary<AddressFamily, (int Protocol, int Destination, int Source)?[]> _samples;
    private readonly Dictionary<(AddressFamily, bool Group, Direction), Side?[]> _builtins = [];
    private readonly Dictionary<(AddressFamily, bool Group, bool Out, bool In), bool[]> _free = [];

    /// <param name="services">To be told apart beside what the rules name.</param>
    /// <param name="prefixes">Likewise.</param>
    public Ground(Revision before, Revision after, long at, IEnumerable<ServiceMatch> services, IEnumerable<Prefix> prefixes)
    {
        var first = new PreparedRevision(before, at);
        var second = ReferenceEquals(before, after) ? first : new PreparedRevision(after, at);
        ServiceMatch[] untracked = [.. PolicyEdges.Untracked(before.Policy), .. PolicyEdges.Untracked(after.Policy)];
        Services = new(first.Rules.Matches.Concat(second.Rules.Matches).Concat(untracked).Concat(untracked.Select(PolicyEdges.Answers)).Concat(services), second.Rules.WithMostServices);
        Before = new(first, Services);
        After = ReferenceEquals(first, second) ? Before : new(second, Services);
        _prefixes = [.. PolicyEdges.Prefixes(before.Policy).Concat(PolicyEdges.Prefixes(after.Policy)).Concat(prefixes).Distinct().Order()];
        Realms = [.. before.Vms.Nics.Concat(after.Vms.Nics).Select(n => n.Nic.Realm).Append(InventoryNic.DefaultRealm).Distinct().Order(StringComparer.Ordinal)];
        _samples = Families.ToDictionary(f => f, Services.Samples);
        foreach (var family in Families)
            foreach (var group in new[] { false, true })
                foreach (var direction in new[] { Direction.Out, Direction.In })
                    _builtins[(family, group, direction)] = [.. _samples[family].Select(s => s is { } p ? Builtin(family, group, direction, p) : null)];
    }

    public static ImmutableArray<AddressFamily> Families { get; } = [AddressFamily.IPv4, AddressFamily.IPv6];

    public CompiledRevision Before { get; }

    public CompiledRevision After { get; }

    public ServiceSpace Services { get; }

    public ImmutableArray<string> Realms { get; }

    /// <summary>Prefixes that the family's lines are cut by, each before those inside it.</summary>
    public IEnumerable<Prefix> Prefixes(AddressFamily family) => _prefixes.Where(p => p.Family == family);

    public AddressLine Line(string realm, AddressFamily family) => new(realm, family, Before, After, _prefixes);

    /// <summary>One packet of each service class; null = not judged in this family.</summary>
    public (int Protocol, int Destination, int Source)?[] Samples(AddressFamily family) => _samples[family];

    /// <summary>The service classes, and those that pass between such ends whatever the rules say where they fill up a protocol.</summary>
    /// <param name="out">The source is judged by its rules.</param>
    /// <param name="in">The destination is.</param>
    public int[] Filled(IEnumerable<int> services, AddressFamily family, bool group, bool @out, bool @in)
    {
        if (!_free.TryGetValue((family, group, @out, @in), out var free)) _free.Add((family, group, @out, @in), free = Free(family, group, @out, @in));
        var inside = Services.Set(services);
        Services.Fill(inside, free, family);
        return [.. Enumerable.Range(0, inside.Length).Where(c => inside[c])];
    }

    /// <summary>What both ends of a packet say: out of <paramref name="from"/>, into <paramref name="to"/>.</summary>
    public (Side Out, Side In) Judge(CompiledRevision revision, in EndView from, in EndView to, AddressFamily family, bool group, int service)
    {
        var (asker, server) = _samples[family][service] is (Protocols.Tcp, var destination, var source) ? EndView.Roles(from, to, source, destination) : default;
        var output = from.Out < 0 ? Side.NotJudged : asker == UntrackedRole.Serves ? Side.Reversed(from.Observed)
            : _builtins[(family, group, Direction.Out)][service] ?? revision.Judge(from.Out, from.Observed, to.Remote, service) with { Untracked = asker != UntrackedRole.None };
        var input = to.In < 0 ? Side.NotJudged : server == UntrackedRole.Asks ? Side.Reversed(to.Observed)
            : _builtins[(family, group, Direction.In)][service] ?? revision.Judge(to.In, to.Observed, from.Remote, service) with { Untracked = server != UntrackedRole.None };
        return (output, input);
    }

    /// <summary>Built-in rules allow it to some address, in one direction at least.</summary>
    public bool IsBuiltin(AddressFamily family, int service) =>
        _builtins.Any(b => b.Key.Item1 == family && b.Value[service] is not null);

    private bool[] Free(AddressFamily family, bool group, bool @out, bool @in) => [.. _samples[family].Select((s, c) => s is null
        || ((!@out || _builtins[(family, group, Direction.Out)][c] is not null) && (!@in || _builtins[(family, group, Direction.In)][c] is not null)))];

    private static Side? Builtin(AddressFamily family, bool group, Direction direction, (int Protocol, int Destination, int Source) packet)
    {
        var to = Address.Parse((family, group) switch
        {
            (AddressFamily.IPv4, false) => "192.0.2.1",
            (AddressFamily.IPv4, true) => "224.0.0.1",
            (_, false) => "2001:db8::1",
            _ => "ff02::1",
        });
        return BuiltinRules.Of(to, packet.Protocol, packet.Destination, packet.Source, direction) is { } name ? Side.By(name) : null;
    }
}
