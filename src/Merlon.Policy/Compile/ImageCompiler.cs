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
            return new(null, [e.Message]);
        }
    }

    private static HostImage Build(HostPolicy policy, long at)
    {
        OverLimitException.Check(policy.Nics.Length, ImageLimits.Nics, "guarded vNICs", () => "this host");
        ImmutableArray<string> realms = [.. policy.Nics.Select(n => policy.Endpoints[n.Endpoint].Realm).Distinct().Order(StringComparer.Ordinal)];
        OverLimitException.Check(realms.Length, ImageLimits.Realms, "realms", () => "guarded vNICs of this host");
        var rules = new RuleTable(policy, at);
        var remotes = new RemoteClasses(policy, rules.UsedSets, realms);
        var services = new ServiceClasses(rules.Matches);
        var rulesets = new RulesetTable(policy, rules, remotes);
        var records = new NicRecords(policy, remotes, rulesets);
        var sides = policy.Nics.Select(records.Of).ToArray();
        var tables = rulesets.Compile(services);
        var digests = new RulesetDigests(policy, rules, rulesets);

        var writer = new ImageWriter();
        writer.Section(ImageLayout.WordNics, [.. policy.Nics.SelectMany((n, i) => records.Words(n, sides[i]))], policy.Nics.Length);
        Rulesets(writer, tables);
        Addresses(writer, remotes);
        Services(writer, services);
        writer.Header(ImageLayout.WordClasses, (uint)remotes.Count | (ulong)(uint)services.Count << 32);
        writer.Header(ImageLayout.WordRules, (ulong)rules.Names.Length);
        var words = writer.Finish();
        return new(
            ImmutableCollectionsMarshal.AsImmutableArray(words),
            [.. policy.Nics.Select((n, i) => new ImageNic(policy.Endpoints[n.Endpoint].Key, digests.Of(n, sides[i])))],
            rules.Names,
            new(remotes.Count, services.Count, tables.Length, tables.Sum(t => t.Cells.Length), remotes.Table6.Lengths.Length, words.Length))
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
            records[at] = (uint)writer.Table(ImageWriter.Pack(table.RowOf)) | (ulong)(uint)table.Columns << 32;
            records[at + 1] = (uint)writer.Table(ImageWriter.Pack(table.ColumnOf)) | (ulong)(uint)table.Rows << 32;
            records[at + 2] = (ulong)writer.Table(table.Cells);
        }
        writer.Section(ImageLayout.WordRulesets, records, tables.Length);
    }

    private static void Addresses(ImageWriter writer, RemoteClasses remotes)
    {
        writer.Section(ImageLayout.WordRoot4, ImageWriter.Join(remotes.Tables4.Select(t => t.Root)), remotes.Tables4.Length);
        writer.Section(ImageLayout.WordNode4, ImageWriter.Join(remotes.Chunks4), remotes.Chunks4.Count);
        var buckets = remotes.Table6.Buckets();
        writer.Section(ImageLayout.WordHash6, buckets, buckets.Length / ImageLayout.BucketWords);
        var lengths = remotes.Table6.Lengths;
        writer.Section(ImageLayout.WordLengths6, ImageWriter.Pack([.. lengths.Select(l => (ushort)l)]), lengths.Length);
    }

    private static void Services(ImageWriter writer, ServiceClasses services)
    {
        writer.Section(ImageLayout.WordPlanes, [.. services.Planes.SelectMany(ImageWriter.Pack)], services.Planes.Count);
        writer.Section(ImageLayout.WordChunks, [.. services.Chunks.SelectMany(ImageWriter.Pack)], services.Chunks.Count);
        writer.Section(ImageLayout.WordKinds, services.Kinds, services.Kinds.Length);
        writer.Section(ImageLayout.WordCombos, ImageWriter.Pack(services.Combos), services.Combos.Count);
    }
}
