using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Resolve;

/// <summary>The finite picture of all who can be in a group: each vNIC by identity, each own address of a vNIC, and each region of
/// addresses that the prefixes of the policy tell apart. A group is a bit set over them, so <c>except</c> is a plain subtraction.</summary>
internal sealed class Atoms
{
    private readonly Address[] _ownAddresses;

    public Atoms(VmInventory inventory, IEnumerable<Prefix> prefixes)
    {
        Nics = [.. inventory.Nics];
        Own = [.. Nics.SelectMany((n, i) => n.Nic.Addresses.Select(a => new EndpointAddress(i, a))).OrderBy(o => o.Address).ThenBy(o => o.Endpoint)];
        _ownAddresses = [.. Own.Select(o => o.Address)];
        Regions = [.. prefixes.Distinct().Order()];
        Parents = ParentsOf(Regions);
        Children = Listed(Regions.Length, Parents);
        OwnRegion = OwnRegions();
        OwnOf = Listed(Nics.Length, [.. Own.Select(o => o.Endpoint)]);
    }

    /// <summary>vNICs in order of key; atom i is nic i by identity.</summary>
    public VmNic[] Nics { get; }

    /// <summary>Own addresses in order of address; atom <see cref="OwnBase"/> + i. Endpoint indexes <see cref="Nics"/>.</summary>
    public EndpointAddress[] Own { get; }

    /// <summary>Prefixes, each before those inside it; atom <see cref="RegionBase"/> + i is what the prefix holds and none inside it holds.</summary>
    public Prefix[] Regions { get; }

    /// <summary>The next wider region of each region, or -1.</summary>
    public int[] Parents { get; }

    /// <summary>The next narrower regions of each region.</summary>
    public int[][] Children { get; }

    /// <summary>The region that each own address lies in, or -1.</summary>
    public int[] OwnRegion { get; }

    /// <summary>Indexes into <see cref="Own"/> by nic.</summary>
    public int[][] OwnOf { get; }

    public int OwnBase => Nics.Length;

    public int RegionBase => Nics.Length + Own.Length;

    public int Count => RegionBase + Regions.Length;

    /// <summary>The vNIC by identity and at each of its own addresses.</summary>
    public IEnumerable<int> OfNic(int nic) => OwnOf[nic].Select(own => OwnBase + own).Prepend(nic);

    /// <summary>Every address in the prefix, which is one of <see cref="Regions"/>; no vNIC by identity. Ascending.</summary>
    public IEnumerable<int> OfPrefix(Prefix prefix)
    {
        var own = Array.BinarySearch(_ownAddresses, prefix.Network);
        if (own < 0) own = ~own;
        else while (own > 0 && _ownAddresses[own - 1] == prefix.Network) own--;
        for (; own < Own.Length && prefix.Contains(Own[own].Address); own++) yield return OwnBase + own;
        for (var i = Array.BinarySearch(Regions, prefix); i < Regions.Length && prefix.Contains(Regions[i]); i++) yield return RegionBase + i;
    }

    private static int[] ParentsOf(Prefix[] regions)
    {
        var parents = new int[regions.Length];
        for (var i = 0; i < regions.Length; i++)
        {
            var parent = i - 1;
            while (parent >= 0 && !regions[parent].Contains(regions[i])) parent = parents[parent];
            parents[i] = parent;
        }
        return parents;
    }

    /// <summary>For each of <paramref name="count"/> owners, who names it; negative owners are nobody.</summary>
    private static int[][] Listed(int count, int[] ownerOf)
    {
        var lists = new List<int>?[count];
        for (var i = 0; i < ownerOf.Length; i++)
            if (ownerOf[i] >= 0) (lists[ownerOf[i]] ??= []).Add(i);
        return [.. lists.Select(l => l?.ToArray() ?? [])];
    }

    /// <summary>Both lists ascend, so one pass with the open prefixes at hand.</summary>
    private int[] OwnRegions()
    {
        var regions = new int[Own.Length];
        int next = 0, open = -1;
        for (var i = 0; i < Own.Length; i++)
        {
            var address = Own[i].Address;
            for (; next < Regions.Length && Regions[next].Network.CompareTo(address) <= 0; next++) open = next;
            var region = open;
            while (region >= 0 && !Regions[region].Contains(address)) region = Parents[region];
            regions[i] = region;
        }
        return regions;
    }
}
