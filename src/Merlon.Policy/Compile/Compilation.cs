using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>A compiled policy, and what of the work a change of members can go on with.</summary>
internal sealed class Compilation
{
    /// <summary>Words that changes may write before everything is compiled anew, which also takes back the numbers of classes that nobody is in.</summary>
    private const int MostOver = 4096;

    private readonly ImmutableArray<string> _realms;
    private readonly RuleTable _rules;
    private readonly RemoteClasses _remotes;
    private readonly NicRecords.Sides[] _sides;
    private readonly RulesetDigests _digests;
    private readonly long _at;
    private HostPolicy _policy;

    public Compilation(HostPolicy policy, long at)
    {
        (_policy, _at) = (policy, at);
        OverLimitException.Check(policy.Nics.Length, ImageLimits.Nics, "guarded vNICs", () => "this host");
        _realms = [.. policy.Nics.Select(n => policy.Endpoints[n.Endpoint].Realm).Distinct().Order(StringComparer.Ordinal)];
        OverLimitException.Check(_realms.Length, ImageLimits.Realms, "realms", () => "guarded vNICs of this host");
        _rules = new(policy, at);
        var addresses = new AddressTables(_realms.Length);
        _remotes = new(policy, _rules.UsedSets, _realms, addresses);
        var services = new ServiceClasses(_rules.Matches, _rules.WithMostServices);
        var rulesets = new RulesetTable(policy, _rules, _remotes);
        _sides = [.. policy.Nics.Select(new NicRecords(policy, _remotes, rulesets).Of)];
        var tables = rulesets.Compile(_rules.ClassesOfServices(services.ClassesOf), services.Count);
        _digests = new(policy, _rules, rulesets);
        var untracked = policy.Nics.Select(n => services.Untracked(n.Guard.Untracked)).ToArray();

        var writer = new ImageWriter();
        writer.Section(ImageLayout.WordNics, policy.Nics.Length, policy.Nics.Select((n, i) => NicRecords.Words(n, _sides[i], untracked[i])));
        Rulesets(writer, tables);
        Addresses(writer, addresses);
        Services(writer, services);
        writer.Header(ImageLayout.WordClasses, (uint)_remotes.Count | (ulong)(uint)services.Count << 32);
        writer.Header(ImageLayout.WordRules, (ulong)_rules.Names.Length);
        var words = writer.Finish();
        Image = new(new(ImmutableCollectionsMarshal.AsImmutableArray(words)), Nics(), _rules.Names,
            new(_remotes.Count, services.Count, tables.Length, tables.Sum(t => t.Cells.Count), tables.Select(t => t.Cells.Unmerged).DefaultIfEmpty().Max(),
                addresses.Table6.Lengths.Length, _realms.Length, services.Combos.Count, services.Chunks.Count, _rules.Names.Length, words.Length))
        {
            Realms = _realms,
        };
    }

    public HostImage Image { get; private set; }

    /// <summary>The image of a later policy that differs in members alone. Null = it must be compiled: more differs, or what differs has no class
    /// or no room in this image.</summary>
    public HostImage? Follow(HostPolicy policy, long at)
    {
        if (at < _at || at >= _rules.Until || Image.Words.Over > MostOver || MemberChange.Between(_policy, policy) is not { } change) return null;
        var words = new AddressWords(Image.Words);
        foreach (var ((realm, address), sets) in Owners(change))
        {
            var around = _remotes.Known(address, []);
            if (_remotes.Known(address, sets) is not { } number || !words.Put(realm, address, (uint)number, (uint)around!)) return null;
        }
        _policy = policy;
        _digests.Follow(policy, change.Sets);
        return Image = Image with { Words = Image.Words.With(words.Written), Nics = Nics() };
    }

    /// <summary>Addresses that changed hands, and the sets that their owners are in as such.</summary>
    private Dictionary<(int Realm, Address Address), IReadOnlyList<int>> Owners(MemberChange change)
    {
        var owners = new Dictionary<(int Realm, Address Address), IReadOnlyList<int>>();
        foreach (var endpoint in change.Before) Add(endpoint, []);
        foreach (var (endpoint, sets) in change.After) Add(endpoint, sets);
        return owners;

        void Add(PolicyEndpoint endpoint, IReadOnlyList<int> sets)
        {
            if (_realms.IndexOf(endpoint.Realm) is not (>= 0 and var realm)) return;
            foreach (var address in endpoint.Addresses) owners[(realm, address)] = sets;
        }
    }

    private ImmutableArray<ImageNic> Nics() =>
        [.. _policy.Nics.Select((n, i) => new ImageNic(_policy.Endpoints[n.Endpoint].Key, _digests.Of(n, _sides[i]), _sides[i].Problem))];

    private static void Rulesets(ImageWriter writer, Ruleset[] tables)
    {
        var records = new ulong[tables.Length * ImageLayout.RulesetWords];
        for (var i = 0; i < tables.Length; i++)
        {
            var (table, at) = (tables[i], i * ImageLayout.RulesetWords);
            records[at] = (uint)writer.Table(table.RowOf) | (ulong)(uint)table.Cells.Columns << 32;
            records[at + 1] = (uint)writer.Table(table.ColumnOf) | (ulong)(uint)table.Cells.Rows << 32;
            records[at + 2] = (uint)writer.Table(table.Cells) | (ulong)(table.Cells.Narrow ? ImageLayout.RulesetNarrow : 0) << 32;
        }
        writer.Section(ImageLayout.WordRulesets, tables.Length, records);
    }

    private static void Addresses(ImageWriter writer, AddressTables tables)
    {
        writer.Section(ImageLayout.WordRoot4, tables.Tables4.Length, tables.Tables4.Select(t => t.Words));
        writer.Section(ImageLayout.WordNode4, tables.Chunks4.Count, tables.Chunks4);
        var (buckets, seed) = tables.Table6.Buckets();
        writer.Header(ImageLayout.WordSeed6, seed);
        writer.Section(ImageLayout.WordHash6, buckets.Length / ImageLayout.BucketWords, buckets);
        var lengths = tables.Table6.Lengths;
        writer.Section(ImageLayout.WordLengths6, lengths.Length, ImageWriter.Pack((ushort[])[.. lengths.Select(l => (ushort)l)]));
    }

    private static void Services(ImageWriter writer, ServiceClasses services)
    {
        writer.Section(ImageLayout.WordPlanes, services.Planes.Count, services.Planes.Select(p => ImageWriter.Pack(p)));
        writer.Section(ImageLayout.WordChunks, services.Chunks.Count, services.Chunks.Select(c => ImageWriter.Pack(c)));
        writer.Section(ImageLayout.WordKinds, services.Kinds.Length, services.Kinds);
        writer.Section(ImageLayout.WordCombos, services.Combos.Count, ImageWriter.Pack((ushort[])[.. services.Combos]));
    }
}
