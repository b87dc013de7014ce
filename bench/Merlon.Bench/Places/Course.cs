using System.Runtime.InteropServices;

namespace Merlon.Bench.Places;

/// <summary>struct course of bench/traffic.bpf.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Course
{
    public ulong Sent;
    public uint Source, Mask, Next, Fresh, SumIp, SumTcp;
}
