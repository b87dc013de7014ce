namespace Merlon.Datapath;

/// <summary>What to load, where to pin it and how large to make it.</summary>
/// <param name="ObjectPath">The compiled <c>firewall.bpf.o</c>.</param>
/// <param name="BpffsFolder">Folder of this instance in a mounted bpffs; made when missing.</param>
/// <param name="Connections4">Entries of <c>conn4</c>.</param>
/// <param name="Connections6">Entries of <c>conn6</c>.</param>
/// <param name="HalfOpen">Entries of each of <c>half4</c> and <c>half6</c>.</param>
/// <param name="RingBytes">Bytes of each CPU's event ring; a power of two, at least a page.</param>
public sealed record DatapathOptions(
    string ObjectPath, string BpffsFolder, int Connections4 = 262144, int Connections6 = 131072, int HalfOpen = 65536,
    int RingBytes = 1 << 20)
{
    /// <summary>Takes what is pinned if it is of the same object file, and throws where <see cref="KernelDatapath.Open"/> would load: for a
    /// second process beside the one that owns the pins.</summary>
    public bool ReuseOnly { get; init; }

    /// <summary>The programs run on no interface, only by <see cref="KernelDatapath.Tests"/> of the thread that commits: commits wait for nobody.</summary>
    public bool Alone { get; init; }
}
