using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;
using Merlon.Kernel.Tests.Bench;

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>Pinned maps, behind the product's back.</summary>
internal static class Pinned
{
    /// <param name="bpffsFolder">Of the instance.</param>
    public static KernelMap Map(string bpffsFolder, string name) => new(name, Bpf.OpenPinned(Path.Combine(bpffsFolder, "maps", name))!);

    /// <summary>Changes the value of an array's first element, with bpftool.</summary>
    public static void Patch(string pin, int offset, uint value)
    {
        var hex = Regex.Matches(KernelObject.Run("bpftool", "-j", "map", "dump", "pinned", pin).Split("\"value\":[")[1].Split(']')[0], "(?<=0x)[0-9a-f]{2}");
        var bytes = hex.Select(m => byte.Parse(m.Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), value);
        KernelObject.Run("bpftool", ["map", "update", "pinned", pin, "key", "0", "0", "0", "0", "value", .. bytes.Select(b => b.ToString(CultureInfo.InvariantCulture))]);
    }
}
