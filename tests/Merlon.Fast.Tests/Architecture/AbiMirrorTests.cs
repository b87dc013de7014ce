using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Merlon.Datapath.Abi;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Architecture;

/// <summary>Every number that abi.h gives a name has a twin in C#, without a compiler or BTF at hand.</summary>
public partial class AbiMirrorTests
{
    // Where the twin of a prefix is, and how its members begin there.
    private static readonly (string Prefix, Type Type, string Begins)[] s_twins =
    [
        ("VERDICT_", typeof(Verdict), ""), ("REASON_", typeof(Reason), ""), ("PORT_", typeof(PortFlags), ""), ("SPOOF_", typeof(SpoofCheck), ""),
        ("IMAGE_W_", typeof(ImageWord), ""), ("KIND_", typeof(ImageLayout), "Kind"), ("CELL_", typeof(ImageLayout), "Cell"), ("NIC_", typeof(ImageLayout), ""),
        ("IMAGE_", typeof(ImageLayout), ""), ("IMAGE_", typeof(AbiLimits), "Image"), ("CONN_", typeof(ConnState), ""), ("CONN_", typeof(ConnFlags), ""),
        ("EVENT_F_", typeof(EventFlags), ""), ("EVENT_", typeof(EventType), ""), ("POOL_", typeof(TablePool), ""), ("RATE_", typeof(RateOf), ""), ("COUNTER_", typeof(Counter), ""), ("CONTROL_", typeof(ControlFlags), ""), ("WAY_", typeof(WayFlags), ""),
        ("RULE_ID_", typeof(AbiLimits), "RuleId"), ("MERLON_ABI_", typeof(AbiLimits), ""), ("MERLON_", typeof(AbiLimits), ""), ("VLAN_", typeof(AbiLimits), "Vlan"), ("LEFT_", typeof(AbiLimits), ""),
        ("RULESET_", typeof(ImageLayout), "Ruleset"), ("MERLON_", typeof(ImageLimits), ""), ("MERLON_MAX_", typeof(ImageLimits), ""), ("CLAIM_", typeof(ClaimHow), ""), ("UNTRACKED_", typeof(UntrackedRole), ""),
    ];

    [Fact]
    public void Every_number_of_the_header_has_its_twin()
    {
        var numbers = Numbers().Matches(Tree.Read("datapath/abi.h") + Tree.Read("datapath/abi_copies.h")).Select(m => (Name: m.Groups[1].Value, Value: Number(m.Groups[2].Value))).ToList();
        Assert.True(numbers.Count > 120);
        foreach (var (name, value) in numbers)
        {
            var twins = s_twins.Where(t => name.StartsWith(t.Prefix, StringComparison.Ordinal))
                .SelectMany(t => Members(t.Type).Where(m => Plain(m.Name) == Plain(t.Begins + name[t.Prefix.Length..]))).ToList();
            Assert.True(twins.Count > 0, $"{name} has no twin");
            Assert.All(twins, t => Assert.True(t.Value == value, $"{name} is {value} in abi.h and {t.Value} in {t.Name}"));
        }
    }

    private static IEnumerable<(string Name, long Value)> Members(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral)
            .Select(f => (f.Name, Convert.ToInt64(f.GetRawConstantValue(), CultureInfo.InvariantCulture)));

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    private static long Number(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal) ? long.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) : long.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?:#define |\t)([A-Z][A-Z0-9_]+)(?: = |\s+)(0x[0-9a-f]+|\d+)u?(?:,|\s|$)", RegexOptions.Multiline)]
    private static partial Regex Numbers();
}
