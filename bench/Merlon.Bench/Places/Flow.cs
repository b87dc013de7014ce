using System.Runtime.InteropServices;

namespace Merlon.Bench.Places;

/// <summary>struct flow of bench/traffic.bpf.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Flow
{
    public uint AddressA, AddressB;
    public ushort PortA, PortB;
    public uint SeqA, SeqB;
    private readonly uint _pad;
}
