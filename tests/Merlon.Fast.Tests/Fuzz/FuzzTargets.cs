using System.Text;
using Google.Protobuf;
using Merlon.Contracts.Wire;
using Merlon.Policy.Cases;
using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Merlon.Policy.Text;

namespace Merlon.Fast.Tests.Fuzz;

/// <summary>What hostile bytes are read by, each from the bytes to what the product makes of them. An exception is a finding; so is a text that
/// changes when it is printed and read again. Run by the unit tests on saved inputs and seeded mutations, and by a fuzzer (tests/Merlon.Fuzz).</summary>
public static class FuzzTargets
{
    private const string Rule = "apiVersion: merlon/v1\nkind: Policy\nmetadata: {name: p, tenant: shop}\nspec:\n  rules:\n  - ";
    private const string Vms = "apiVersion: merlon/v1\nkind: Inventory\nspec:\n  vms:\n  - ";

    public static IReadOnlyDictionary<string, Action<byte[]>> All { get; } = new Dictionary<string, Action<byte[]>>
    {
        ["rule"] = bytes => Manifest(Rule + Encoding.UTF8.GetString(bytes)),
        ["manifest"] = bytes => Manifest(Encoding.UTF8.GetString(bytes)),
        ["inventory"] = bytes => Manifest(Vms + Encoding.UTF8.GetString(bytes)),
        ["cases"] = bytes => CaseFile.Parse(new("f", Encoding.UTF8.GetString(bytes))),
        ["host-policy"] = HostPolicy,
    };

    private static void Manifest(string text)
    {
        var parsed = ManifestParser.Parse([new("f", text)]);
        var built = PolicySet.Build(parsed.Documents.Select(d => new StoredDocument(d, 1)));
        if (!parsed.Ok) return;
        var printed = ManifestPrinter.Print(parsed.Documents);
        var again = ManifestParser.Parse([new("f", printed)]);
        Same(printed, again.Ok ? ManifestPrinter.Print(again.Documents) : string.Join('\n', again.Diagnostics));
        if (built.Set is not { } set) return;
        var inventory = VmInventory.FromDocuments(set.Inventories);
        foreach (var host in inventory.Vms.Select(v => v.Host).Distinct().Take(2)) Compile(Resolver.Resolve(set, inventory, host, 1).Policy);
    }

    private static void HostPolicy(byte[] bytes)
    {
        try
        {
            var policy = HostPolicyMessages.FromMessage(HostPolicyMessage.Parser.ParseFrom(bytes));
            var sent = HostPolicyMessages.ToMessage(policy).ToByteArray();
            Same(Convert.ToHexString(sent), Convert.ToHexString(HostPolicyMessages.ToMessage(HostPolicyMessages.FromMessage(HostPolicyMessage.Parser.ParseFrom(sent))).ToByteArray()));
            Compile(policy);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or ContractException)
        {
            // The clear refusal that hostile bytes get.
        }
    }

    private static void Compile(HostPolicy policy)
    {
        ImageCompiler.Compile(policy.At(0), 0);
        policy.NextChange(0);
    }

    private static void Same(string first, string second)
    {
        if (first != second) throw new InvalidOperationException($"reads back as something else:\n{first}\n--\n{second}");
    }
}
