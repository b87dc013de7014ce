namespace Merlon.Datapath.Maps;

/// <summary>Map <c>adoptions</c>: until when a vNIC takes in connections that ran before it was guarded. The kernel compares with its own clock.</summary>
public sealed class AdoptionTable
{
    private readonly KernelMap _map;

    internal AdoptionTable(KernelMap map) => _map = map;

    /// <summary>Exactly these, by vNIC; the time is that of <see cref="BootClock.NowNs"/>.</summary>
    public void Set(IReadOnlyDictionary<uint, ulong> until)
    {
        var have = List();
        foreach (var (vnic, _) in have.Where(h => !until.ContainsKey(h.Key))) _map.Delete(vnic);
        foreach (var (vnic, end) in until)
            if (have.GetValueOrDefault(vnic) != end) _map.Update(vnic, end);
    }

    public void End(uint vnic) => _map.Delete(vnic);

    public IReadOnlyDictionary<uint, ulong> List() => _map.ReadAll<uint, ulong>().ToDictionary();
}
