using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary>The first words of <c>struct bpf_prog_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ProgramInfo
{
    public uint Type, Id;
    public ulong Tag;

    /// <summary>As bpftool prints it.</summary>
    public readonly string TagText => BinaryPrimitives.ReverseEndianness(Tag).ToString("x16", CultureInfo.InvariantCulture);
}
