using System.Text.Json;
using System.Text.Json.Nodes;
using Merlon.Contracts;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands.Doctor;

/// <summary>What stands in the kernel: pins of this instance, and other people's programs on guarded ports.</summary>
internal static class PinChecks
{
    /// <summary>MERLON_ABI_VERSION of datapath/abi.h; a test compares it.</summary>
    internal const int Abi = 1;

    public static async Task<IReadOnlyList<DoctorCheck>> All(IMachine machine, InstancePaths paths) =>
        [await Pins(machine, paths), await Foreign(machine, paths)];

    private static async Task<DoctorCheck> Pins(IMachine machine, InstancePaths paths)
    {
        var remove = $"drain this host, then 'merlon-agent remove{(paths.Instance.Length > 0 ? $" --instance {paths.Instance}" : "")}' (live connections end), or start the version that made them";
        if (machine.List(paths.Bpf).Count == 0) return Checked.Ok("pins", "none yet");
        if (!machine.Exists($"{paths.Bpf}/marker")) return Checked.Broken("pins", $"{paths.Bpf} was left half made", $"start the agent; if that fails, {remove}");
        var abi = AbiOf(await machine.Run("bpftool", "-j", "map", "dump", "pinned", $"{paths.Bpf}/marker"));
        if (abi is null) return Checked.Warning("pins", $"the version of {paths.Bpf} cannot be read", "install bpftool and run this as root");
        return Checked.That("pins", abi == Abi, $"{paths.Bpf}, ABI {abi}", remove, broken: $"{paths.Bpf} has pins of ABI {abi}, this version needs {Abi}");
    }

    /// <summary>Little-endian first word of the marker's only value.</summary>
    private static int? AbiOf(string? dump)
    {
        if (Parse(dump) is not JsonArray { Count: > 0 } entries || entries[0]?["value"] is not JsonArray { Count: >= 4 } bytes) return null;
        var abi = 0;
        for (var i = 3; i >= 0; i--)
        {
            if (!TryByte(bytes[i], out var b)) return null;
            abi = abi << 8 | b;
        }
        return abi;
    }

    private static bool TryByte(JsonNode? node, out int value)
    {
        value = 0;
        if (node is not JsonValue v) return false;
        var text = v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : v.ToJsonString();
        try
        {
            value = text.StartsWith("0x", StringComparison.Ordinal) ? Convert.ToInt32(text, 16) : int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
            return value is >= 0 and <= 255;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Others' clsact programs. The order among tcx programs only the agent can ask; it raises an alarm.</summary>
    private static async Task<DoctorCheck> Foreign(IMachine machine, InstancePaths paths)
    {
        var guarded = machine.List($"{paths.Bpf}/links").Select(p => p.Split('-')[0]).ToHashSet();
        if (guarded.Count == 0) return Checked.Ok("foreign-programs", "no guarded port yet");
        if (Parse(await machine.Run("bpftool", "-j", "net", "show")) is not JsonArray { Count: > 0 } nets || nets[0]?["tc"] is not JsonArray programs)
            return Checked.Warning("foreign-programs", "tc programs cannot be listed", "install bpftool and run this as root");
        string[] others = [.. programs.OfType<JsonObject>()
            .Where(p => guarded.Contains(p["ifindex"]?.ToJsonString() ?? "") && Text(p, "name") is not ("from_vm" or "to_vm"))
            .Select(p => $"{Text(p, "name")} on {Text(p, "devname")} ({Text(p, "kind")})")];
        return others.Length == 0
            ? Checked.Ok("foreign-programs", $"{guarded.Count} guarded ports, nobody else's program on them")
            : Checked.Warning("foreign-programs", string.Join(", ", others), "they may drop or redirect what Merlon allows; 'tc filter show dev IFNAME ingress' shows whose they are");
    }

    private static string Text(JsonObject o, string name) => o[name] is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : "unnamed";

    private static JsonNode? Parse(string? text)
    {
        try
        {
            return text is null ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
