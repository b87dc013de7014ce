using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary>What is read of <c>struct bpf_prog_info</c>.</summary>
[StructLayout(LayoutKind.Explicit)]
internal struct ProgramInfo
{
    [FieldOffset(0)]
    public uint Type;
    [FieldOffset(4)]
    public uint Id;
    [FieldOffset(8)]
    public ulong Tag;
    /// <summary>Counted while somebody holds <see cref="Bpf.CountTime"/>, or kernel.bpf_stats_enabled is 1.</summary>
    [FieldOffset(192)]
    public ulong RunTimeNs;

    /// <summary>As bpftool prints it.</summary>
    public readonly string TagText => BinaryPrimitives.ReverseEndianness(Tag).ToString("x16", CultureInfo.InvariantCulture);
}
