using System.Text;

namespace Merlon.Bench.Places;

/// <summary>The policy of the guests a and b: many rules that do not match, then the one that does. The same for the product and its peers.</summary>
internal static class BenchPolicy
{
    /// <summary>Services of b that a may use, TCP and UDP.</summary>
    public const int FirstService = 7000, LastService = 7063;

    private const int LongestFirst = 20, Prefixes = 20_000;

    /// <summary>Source and service of a rule that no packet of the workloads matches. At most
    /// 20,000 prefixes of 20 lengths that nest, 13 to 32; 60 services.</summary>
    public static (string Source, int Length, int Port) Other(int rule)
    {
        var prefix = rule % Prefixes;
        var length = 32 - prefix % LongestFirst;
        var address = (172u << 24 | (uint)(prefix * 2654435761u >> 12)) >> (32 - length) << (32 - length);
        return (FormattableString.Invariant($"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"), length, 8000 + prefix % 12 * 5 + rule / Prefixes);
    }

    /// <param name="rules">In all, at least 1.</param>
    public static string Manifest(int rules)
    {
        var text = new StringBuilder("""
            apiVersion: merlon/v1
            kind: Inventory
            metadata: {name: bench}
            spec:
              vms:
            """);
        foreach (var (vm, guest) in new[] { ("a", 0), ("b", 1) })
            text.Append(FormattableString.Invariant($"\n  - {{name: {vm}, tenant: bench, nics: [{{mac: \"{Place.Mac(guest)}\", network: br0, addresses: [{Place.Address(guest)}]}}]}}"));
        text.Append("\n---\napiVersion: merlon/v1\nkind: Policy\nmetadata: {name: bench, tenant: bench}\nspec:\n  tier: tenant\n  rules:\n");
        for (var i = 0; i < rules - 1; i++)
        {
            var (source, length, port) = Other(i);
            text.Append(FormattableString.Invariant($"  - {{name: r{i}, from: [cidr/{source}/{length}], to: [vm/b], services: [tcp/{port}], action: allow}}\n"));
        }
        text.Append(FormattableString.Invariant($"  - {{name: last, from: [vm/a], to: [vm/b], services: [tcp/{FirstService}-{LastService}, udp/{FirstService}-{LastService}], action: allow}}\n"));
        return text.ToString();
    }
}
