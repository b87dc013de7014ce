using System.Text;
using Google.Protobuf;
using Merlon.Contracts.Wire;
using Merlon.Fast.Tests.Policy;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Policy.Resolve;

namespace Merlon.Fast.Tests.Fuzz;

/// <summary>Where the inputs of a target begin: what the other tests read, and what was once found (tests/cases/fuzz/TARGET).</summary>
public static class FuzzCorpus
{
    public static byte[][] Of(string target)
    {
        var saved = Path.Combine(Repository.Root, "tests/cases/fuzz", target);
        return [.. Seeds(target), .. Directory.Exists(saved) ? Directory.GetFiles(saved).Order(StringComparer.Ordinal).Select(File.ReadAllBytes) : []];
    }

    private static IEnumerable<byte[]> Seeds(string target) => target switch
    {
        "rule" => Items("  - {name: ", "  - "),
        "inventory" => Items("  - {name: ", "  - ").Where(b => Encoding.UTF8.GetString(b).Contains("nics:", StringComparison.Ordinal)),
        "cases" => Items("  - {from: ", "  ").Append("""[{"from": "vm/web-1", "to": "any", "service": "tcp/80", "expect": "deny"}]"""u8.ToArray()),
        "host-policy" => Enumerable.Range(0, 12).Select(i => HostPolicyMessages.ToMessage(Resolved(new((ulong)i))).ToByteArray()),
        _ => Manifests(),
    };

    private static HostPolicy Resolved(RandomPolicy random) => Resolver.Resolve(random.Set, random.Inventory, "", 1).Policy;

    private static IEnumerable<byte[]> Manifests() =>
        Directory.GetFiles(Path.Combine(Repository.Root, "tests/cases/policy"), "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    /// <summary>Lines of all manifests that begin so, without what stands before.</summary>
    private static IEnumerable<byte[]> Items(string start, string before) =>
        Manifests().SelectMany(m => Encoding.UTF8.GetString(m).Split('\n')).Where(l => l.StartsWith(start, StringComparison.Ordinal))
            .Select(l => Encoding.UTF8.GetBytes(l[before.Length..])).DistinctBy(Convert.ToHexString);
}
