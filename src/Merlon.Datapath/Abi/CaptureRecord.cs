using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Merlon.Policy.Model;

namespace Merlon.Datapath.Abi;

/// <summary>One frame that a captured port met, and what became of it: <c>merlon_capture</c>, ring <c>captures</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CaptureRecord
{
    /// <summary>Boot clock.</summary>
    public ulong TimeNs;
    public uint Vnic;
    /// <summary>Of the frame on its way, without a tag that the driver took out; bytes.</summary>
    public uint Length;
    /// <summary>Host rule id that decided; 0 = none did.</summary>
    public uint Rule;
    /// <summary>How much of <see cref="Frame"/> is there.</summary>
    public ushort Captured;
    public ushort Vlan;
    /// <summary>EtherType of the tag; 0 = none was taken out.</summary>
    public ushort VlanType;
    /// <summary>0 from_vm, 1 to_vm.</summary>
    public byte In;
    private byte _verdict;
    /// <summary>None = not told.</summary>
    public Reason Reason;
    private readonly byte _pad0, _pad1, _pad2;
    public Bytes Frame;

    public Verdict Verdict
    {
        readonly get => (Verdict)_verdict;
        set => _verdict = (byte)value;
    }

    /// <summary>The beginning of a frame. What stands behind <see cref="Captured"/> is older than it.</summary>
    [InlineArray(AbiLimits.CaptureBytes)]
    public struct Bytes
    {
        private byte _first;
    }
}
