using System.Globalization;
using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Compile;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>abi.h as the compiler saw it (BTF of the object) against its C# twins.</summary>
public sealed class AbiTests
{
    private static readonly Lazy<Btf> s_btf = new(() => Btf.Of(KernelObject.Path));

    public static TheoryData<string, Type> Structs => new()
    {
        { "merlon_port", typeof(PortRecord) }, { "merlon_way", typeof(WayRecord) }, { "merlon_mac_key", typeof(MacKey) }, { "merlon_mac_owner", typeof(MacOwner) },
        { "merlon_owner_key", typeof(OwnerKey) }, { "merlon_owner", typeof(OwnerRecord) }, { "merlon_licence", typeof(LicenceRecord) }, { "merlon_prefix", typeof(LicenceRecord.MaskedPrefix) }, { "merlon_control", typeof(ControlRecord) },
        { "merlon_key4", typeof(ConnKey4) }, { "merlon_key6", typeof(ConnKey6) }, { "merlon_side", typeof(ConnSide) }, { "merlon_window", typeof(ConnWindow) },
        { "merlon_conn", typeof(ConnRecord) }, { "merlon_budget", typeof(BudgetRecord) }, { "merlon_rate", typeof(BudgetRates.Rate) }, { "merlon_pool", typeof(PoolRecord) },
        { "merlon_event", typeof(MerlonEvent) }, { "merlon_deny_key", typeof(DenyKey) }, { "merlon_rule_hits", typeof(RuleHits) }, { "merlon_capture", typeof(CaptureRecord) }, { "merlon_claim", typeof(ClaimRecord) }, { "merlon_deny", typeof(DenyRecord) },
    };

    public static TheoryData<string, string, Type> Enums => new()
    {
        { "merlon_verdict", "VERDICT_", typeof(Merlon.Policy.Model.Verdict) }, { "merlon_reason", "REASON_", typeof(Reason) },
        { "merlon_state", "CONN_", typeof(ConnState) }, { "merlon_event_type", "EVENT_", typeof(EventType) }, { "merlon_counter", "COUNTER_", typeof(Counter) },
        { "image_word", "IMAGE_W_", typeof(ImageWord) },
    };

    [Theory]
    [MemberData(nameof(Structs))]
    public void Every_field_of_a_struct_lies_where_its_twin_has_it(string name, Type twin)
    {
        var c = s_btf.Value.Struct(name);
        var mine = Twin.FieldsOf(twin);
        Assert.Equal(c.Size, Twin.SizeOf(twin));
        Assert.Equal([.. c.Fields.Where(f => !f.Name.StartsWith("pad", StringComparison.Ordinal)).Select(f => (Twin.Plain(f.Name), f.Offset))],
            mine.Where(f => !Twin.Plain(f.Name).StartsWith("pad", StringComparison.Ordinal)).Select(f => (Twin.Plain(f.Name), f.Offset)));
    }

    [Theory]
    [MemberData(nameof(Enums))]
    public void Every_value_of_an_enum_is_its_twin_s(string name, string prefix, Type twin)
    {
        var c = s_btf.Value.Enum(name).ToDictionary(v => Twin.Plain(v.Name[prefix.Length..]), v => v.Value);
        var mine = Enum.GetNames(twin).ToDictionary(Twin.Plain, n => Convert.ToInt64(Enum.Parse(twin, n), CultureInfo.InvariantCulture));
        Assert.Equal(c.OrderBy(v => v.Value), mine.OrderBy(v => v.Value));
    }

    [Fact]
    public void A_connection_fills_two_cache_lines_with_its_counters_in_the_second()
    {
        var conn = s_btf.Value.Struct("merlon_conn");
        Assert.Equal(128, conn.Size);
        Assert.Equal(64, conn.Fields.Single(f => f.Name == "packets").Offset);
    }

    [Theory]
    [InlineData("MERLON_ABI_VERSION", AbiLimits.Version)]
    [InlineData("MERLON_MAX_SLOTS", AbiLimits.MaxSlots)]
    [InlineData("MERLON_MAX_VMS", AbiLimits.MaxVms)]
    [InlineData("MERLON_MAX_RULE_IDS", AbiLimits.MaxRuleIds)]
    [InlineData("MERLON_SHARE_HALF", AbiLimits.ShareHalf)]
    [InlineData("MERLON_SHARE_CONN", AbiLimits.ShareConn)]
    [InlineData("MERLON_PORT_VLANS", AbiLimits.PortVlans)]
    [InlineData("MERLON_PORT_ETHER_TYPES", AbiLimits.PortEtherTypes)]
    [InlineData("LEFT_BROUGHT", AbiLimits.Brought)]
    [InlineData("MERLON_LICENCE_MOST", AbiLimits.LicenceMost)]
    [InlineData("VLAN_SERVICE", AbiLimits.VlanService)]
    [InlineData("MERLON_NIC_LOCALS", AbiLimits.NicLocals)]
    [InlineData("IMAGE_MAGIC", AbiLimits.ImageMagic)]
    [InlineData("IMAGE_HEADER_WORDS", AbiLimits.ImageHeaderWords)]
    [InlineData("IMAGE_NIC_WORDS", ImageLayout.NicWords)]
    [InlineData("IMAGE_RULESET_WORDS", ImageLayout.RulesetWords)]
    [InlineData("IMAGE_NIC_UNTRACKED", ImageLayout.NicUntracked)]
    [InlineData("NIC_UNTRACKED", ImageLayout.Untracked)]
    [InlineData("NIC_GUARD_OUT", ImageLayout.GuardOut)]
    [InlineData("NIC_GUARD_IN", ImageLayout.GuardIn)]
    [InlineData("NIC_OBSERVE", ImageLayout.Observe)]
    [InlineData("NIC_LOG_ALLOW", ImageLayout.LogAllow)]
    [InlineData("CELL_RULE_MASK", ImageLayout.CellRuleMask)]
    [InlineData("CELL_VERDICT_SHIFT", ImageLayout.CellVerdictShift)]
    [InlineData("CELL_LOG", ImageLayout.CellLog)]
    [InlineData("RULESET_NARROW", ImageLayout.RulesetNarrow)]
    [InlineData("IMAGE_NODE_BIT", ImageLayout.NodeBit)]
    [InlineData("RULE_ID_DEFAULT", AbiLimits.RuleIdDefault)]
    [InlineData("RULE_ID_BUILTIN_ARP", AbiLimits.RuleIdBuiltinArp)]
    [InlineData("RULE_ID_BUILTIN_GROUP", AbiLimits.RuleIdBuiltinGroup)]
    [InlineData("RULE_ID_FIRST", AbiLimits.RuleIdFirst)]
    public void A_number_of_the_header_is_the_code_s(string name, long mine)
    {
        var header = File.ReadAllLines(Path.Combine(KernelObject.Repository, "datapath", "abi.h"));
        var text = header.Select(l => l.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)).Single(w => w.Length > 2 && w[0] == "#define" && w[1] == name)[2].TrimEnd('u');
        var value = text.StartsWith("0x", StringComparison.Ordinal) ? long.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) : long.Parse(text, CultureInfo.InvariantCulture);
        Assert.Equal(value, mine);
    }
}
