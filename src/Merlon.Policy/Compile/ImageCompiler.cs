using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>HostPolicy to the words of datapath/abi.h. Pure to the byte.</summary>
public static class ImageCompiler
{
    /// <param name="atUnixSeconds">Rules not active at this instant are left out; compile again at <see cref="HostPolicy.NextChange"/>.</param>
    public static CompileResult Compile(HostPolicy policy, long atUnixSeconds)
    {
        try
        {
            return new(Build(policy, atUnixSeconds), []);
        }
        catch (OverLimitException e)
        {
            return new(null, [e.Message], e.Rule);
        }
    }

    private static HostImage Build(HostPolicy policy, long at)
    {
        OverLimitException.Check(policy.Nics.Length, ImageLimits.Nics, "guarded vNICs", () => "this host");
        ImmutableArray<string> realms = [.. policy.Nics.Select(n => policy.Endpoints[n.Endpoint].Realm).Distinct().Order(StringComparer.Ordinal)];
        OverLimitException.Check(realms.Length, ImageLimits.Realms, "realms", () => "guarded vNICs of this host");
        var rules = new RuleTable(policy, at);
        var remotes = new RemoteClasses(policy, rules.UsedSets, realms);
        var services = new ServiceClasses(rules.Matches, rules.WithMostServices);
        var rulesets = new RulesetTable(policy, rules, remotes);
        var records = new NicRecords(policy, remotes, rulesets);
        var sides = policy.Nics.Select(records.Of).ToArray();
        var tables = rulesets.Compile(rules.ClassesOfServices(services.ClassesOf), services.Count);
        var digests = new RulesetDigests(policy, rules, rulesets);
        var untracked = policy.Nics.Select(n => services.Untracked(n.Guard.Untracked)).ToArray();

        var writer = new ImageWriter();
        writer.Section(ImageLayout.WordNics, policy.Nics.Length, policy.Nics.Select((n, i) => NicRecords.Words(n, sides[i], untracked[i])));
        Rulesets(writer, tables);
        Addresses(writer, remotes);
        Services(writer, services);
        writer.Header(ImageLayout.WordClasses, (uint)remotes.Count | (ulong)(uint)services.Count << 32);
        writer.Header(ImageLayout.WordRules, (ulong)rules.Names.Length);
        var words = writer.Finish();
        return new(
            ImmutableCollectionsMarshal.AsImmutableArray(words),
            [.. policy.Nics.Select((n, i) => new ImageNic(policy.Endpoints[n.Endpoint].Key, digests.Of(n, sides[i]), sides[i].Problem))],
            rules.Names,
            new(remotes.Count, services.Count, tables.Length, tables.Sum(t => t.Cells.Count), remotes.Table6.Lengths.Length, words.Length))
        {
            Digest = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(words.AsSpan()))),
            Realms = realms,
        };
    }

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

    private static void Addresses(ImageWriter writer, RemoteClasses remotes)
    {
        writer.Section(ImageLayout.WordRoot4, remotes.Tables4.Length, remotes.Tables4.Select(t => t.Words));
        writer.Section(ImageLayout.WordNode4, remotes.Chunks4.Count, remotes.Chunks4);
        var (buckets, seed) = remotes.Table6.Buckets();
        writer.Header(ImageLayout.WordSeed6, seed);
        writer.Section(ImageLayout.WordHash6, buckets.Length / ImageLayout.BucketWords, buckets);
        var lengths = remotes.Table6.Lengths;
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
