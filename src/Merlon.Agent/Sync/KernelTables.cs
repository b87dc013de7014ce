using System.Net.Sockets;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Links;
using Merlon.Datapath.Maps;
using Merlon.Policy.Model;

namespace Merlon.Agent.Sync;

/// <summary><see cref="IKernel"/> over the pinned maps and programs.</summary>
internal sealed class KernelTables(KernelDatapath datapath) : IKernel
{
    public IReadOnlyDictionary<int, PortRecord> Ports() => datapath.Ports.List();

    public void PutPort(int ifindex, PortRecord port) => Try(() => datapath.Ports.Set(ifindex, port));

    public void RemovePort(int ifindex) => datapath.Ports.Remove(ifindex);

    public IReadOnlyDictionary<MacPlace, MacHolder> Macs() =>
        datapath.Macs.List().ToDictionary(m => new MacPlace(m.Mac, m.Segment), m => new MacHolder(m.Owner.Ifindex, m.Owner.Vnic));

    public void PutMac(MacPlace place, MacHolder holder) =>
        Try(() => datapath.Macs.Set(place.Segment, place.Mac, (int)holder.Ifindex, holder.Vnic));

    public void RemoveMac(MacPlace place) => datapath.Macs.Remove(place.Segment, place.Mac);

    public IReadOnlyDictionary<(Address Address, uint Realm), uint> Owners() =>
        datapath.Owners.List().ToDictionary(o => (o.Address, o.Realm), o => o.Vnic);

    public void PutOwner(Address address, uint realm, uint vnic) => Try(() => datapath.Owners.Set(realm, address, vnic));

    public void RemoveOwner(Address address, uint realm) => datapath.Owners.Remove(realm, address);

    public IReadOnlyDictionary<uint, (ushort Slot, Licence Licence)> Licences() => datapath.Licences.List();

    public void PutLicence(uint vnic, ushort slot, Licence licence) => Try(() => datapath.Licences.Set(vnic, slot, licence));

    public void RemoveLicence(uint vnic) => datapath.Licences.Remove(vnic);

    public void SetBudget(ushort vm, uint connections, uint halfOpen, Rates rates) => datapath.Budgets.SetLimits(vm, connections, halfOpen, rates);

    public void SetAdoptions(IReadOnlyDictionary<uint, ulong> until) => Try(() => datapath.Adoptions.Set(until));

    public void EndAdoption(uint vnic) => datapath.Adoptions.End(vnic);

    public bool KeepShares(int vms) => datapath.Budgets.KeepShares(vms);

    public Task<IReadOnlyDictionary<int, KernelFault>> Attach(IReadOnlyList<(int Ifindex, uint Incarnation)> ports) =>
        Task.Run<IReadOnlyDictionary<int, KernelFault>>(() => AttachEach(ports));

    private Dictionary<int, KernelFault> AttachEach(IReadOnlyList<(int Ifindex, uint Incarnation)> ports)
    {
        var faults = new Dictionary<int, KernelFault>();
        foreach (var (ifindex, incarnation) in ports)
        {
            try
            {
                datapath.Attacher.Attach(ifindex, incarnation);
            }
            catch (Exception e) when (e is DatapathException or IOException or UnauthorizedAccessException or SocketException)
            {
                faults[ifindex] = new(e.Message, e);
            }
        }
        return faults;
    }

    public void Detach(int ifindex) => Try(() => datapath.Attacher.Detach(ifindex));

    public void Purge(int ifindex) => Try(() => TapQueue.Purge(ifindex));

    public string? Check(int ifindex) => datapath.Attacher.Verify(ifindex).Problem;

    public IReadOnlyDictionary<int, (uint Incarnation, bool Live)> Attached() => datapath.Attacher.ListAttached()
        .GroupBy(a => a.Ifindex, (ifindex, all) => all.OrderByDescending(a => a.Live).First())
        .ToDictionary(a => a.Ifindex, a => (a.Incarnation, a.Live));

    public bool Holds(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds)
    {
        try
        {
            return datapath.Images.Holds(words, bind, ruleIds);
        }
        catch (DatapathException e)
        {
            throw new KernelFault(e.Message, e);
        }
    }

    public bool Holds(ImageStamp stamp, IReadOnlyDictionary<int, ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds)
    {
        try
        {
            return stamp.Boot == BootClock.BootId && datapath.Images.Holds(stamp.Generation, words, bind, ruleIds);
        }
        catch (DatapathException e)
        {
            throw new KernelFault(e.Message, e);
        }
    }

    public ImageStamp Stamp => new(BootClock.BootId, datapath.Images.Generation);

    public void Commit(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds)
    {
        try
        {
            datapath.Images.Commit(words, bind, ruleIds);
        }
        catch (DatapathException e)
        {
            throw new KernelFault(e.Message, e);
        }
    }

    public bool Change(IReadOnlyDictionary<int, ulong> words, ReadOnlySpan<ulong> bind)
    {
        try
        {
            return datapath.Images.Change(words, bind) is not null;
        }
        catch (DatapathException e)
        {
            throw new KernelFault(e.Message, e);
        }
    }

    public void ForgetVnic(uint vnic) => datapath.Connections.RemoveVnic(vnic);

    public void SetWays(IReadOnlyList<Way> ways) => Try(() => datapath.ShortCut.Set(ways));

    public void RenewLease() => datapath.ShortCut.Renew(ShortCut.LongestLease);

    public IReadOnlySet<int> Alone(IReadOnlyList<int> ifindexes) => datapath.Attacher.Alone(ifindexes);

    public string? Obstacle => BridgeObstacle.Find();

    public void BumpTopology() => datapath.Control.BumpTopology();

    public KernelUse InUse()
    {
        var entries = datapath.Connections.List();
        return new(entries.SelectMany(e => new[] { e.SourceVnic, e.DestinationVnic }).ToHashSet(),
            entries.SelectMany(e => new[] { e.OutRule, e.InRule }).ToHashSet(), datapath.Budgets.Holders());
    }

    public void ForgetRule(uint id) => datapath.Counters.ForgetRule(id);

    public KernelNumbers Numbers()
    {
        var entries = datapath.Connections.List();
        var vnic = entries.Select(e => Math.Max(e.SourceVnic, e.DestinationVnic)).Concat(Ports().Values.Select(p => p.Vnic)).DefaultIfEmpty().Max();
        var epoch = entries.Select(e => Math.Max(e.SourceEpoch, e.DestinationEpoch))
            .Concat((datapath.Images.ReadBack()?.Bind ?? []).Select(word => (uint)(word >> 32))).DefaultIfEmpty().Max();
        return new(vnic, epoch);
    }

    private static void Try(Action step)
    {
        try
        {
            step();
        }
        catch (DatapathException e)
        {
            throw new KernelFault(e.Message, e);
        }
    }
}
