using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Merlon.Agent.Sync;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Policy.Model;

namespace Merlon.Fast.Tests.Agent;

/// <summary>Tables in memory that outlive an agent. Each change may be the last one an agent makes, and is looked at.</summary>
internal sealed class PretendedKernel : IKernel
{
    private readonly Dictionary<int, PortRecord> _ports = [];
    private readonly Dictionary<MacPlace, MacHolder> _macs = [];
    private readonly Dictionary<(Address, uint), uint> _owners = [];
    private readonly Dictionary<uint, (ushort, Licence)> _licences = [];
    private readonly Dictionary<int, uint> _attached = [];
    private Image? _image;

    /// <summary>Changes left until the agent is killed.</summary>
    public int StepsToLive { get; set; } = int.MaxValue;

    public bool RefuseCommits { get; set; }

    /// <summary>Called after each change.</summary>
    public Action Watch { get; set; } = () => { };

    public List<string> Changes { get; } = [];

    /// <summary>What happens to a packet at an interface: open, closed, or who judges it.</summary>
    public string Fate(int ifindex)
    {
        if (!_attached.ContainsKey(ifindex)) return "open";
        if (!_ports.TryGetValue(ifindex, out var port) || port.Flags.HasFlag(PortFlags.Closed)) return "closed";
        var word = _image is not null && port.Slot < _image.Bind.Length ? _image.Bind[port.Slot] : 0;
        if ((uint)word == 0) return port.Flags.HasFlag(PortFlags.FailOpen) ? "open" : "closed";
        return $"image {_image!.Digest[..8]} record {(uint)word - 1} epoch {word >> 32}";
    }

    public IReadOnlyDictionary<int, PortRecord> Ports() => new Dictionary<int, PortRecord>(_ports);

    public void PutPort(int ifindex, PortRecord port) => Change("put port", () => _ports[ifindex] = port);

    public void RemovePort(int ifindex) => Change("remove port", () => _ports.Remove(ifindex));

    public IReadOnlyDictionary<MacPlace, MacHolder> Macs() => new Dictionary<MacPlace, MacHolder>(_macs);

    public void PutMac(MacPlace place, MacHolder holder) => Change("put mac", () => _macs[place] = holder);

    public void RemoveMac(MacPlace place) => Change("remove mac", () => _macs.Remove(place));

    public IReadOnlyDictionary<(Address Address, uint Realm), uint> Owners() => new Dictionary<(Address, uint), uint>(_owners);

    public void PutOwner(Address address, uint realm, uint vnic) => Change("put owner", () => _owners[(address, realm)] = vnic);

    public void RemoveOwner(Address address, uint realm) => Change("remove owner", () => _owners.Remove((address, realm)));

    public IReadOnlyDictionary<uint, (ushort Slot, Licence Licence)> Licences() => new Dictionary<uint, (ushort, Licence)>(_licences);

    public void PutLicence(uint vnic, ushort slot, Licence licence) => Change("put licence", () => _licences[vnic] = (slot, licence));

    public void RemoveLicence(uint vnic) => Change("remove licence", () => _licences.Remove(vnic));

    public Dictionary<uint, ulong> Adoptions { get; } = [];

    public void SetAdoptions(IReadOnlyDictionary<uint, ulong> until) => Change("set adoptions", () =>
    {
        Adoptions.Clear();
        foreach (var (vnic, end) in until) Adoptions[vnic] = end;
    });

    public void EndAdoption(uint vnic)
    {
        if (Adoptions.ContainsKey(vnic)) Change("end adoption", () => Adoptions.Remove(vnic));
    }

    public bool KeepShares(int vms)
    {
        Change("keep shares", () => { });
        return true;
    }

    public void SetBudget(ushort vm, uint connections, uint halfOpen, Rates rates) => Change("set budget", () => { });

    public Task<IReadOnlyDictionary<int, KernelFault>> Attach(IReadOnlyList<(int Ifindex, uint Incarnation)> ports)
    {
        if (Hooks is { IsCompletedSuccessfully: true, Result.Count: > 0 }) return Hooks;
        foreach (var (ifindex, incarnation) in ports)
            if (_attached.GetValueOrDefault(ifindex) != incarnation) Change("attach", () => _attached[ifindex] = incarnation);
        return Hooks ?? Task.FromResult<IReadOnlyDictionary<int, KernelFault>>(new Dictionary<int, KernelFault>());
    }

    /// <summary>What <see cref="Attach"/> answers; null = all went well, at once.</summary>
    public Task<IReadOnlyDictionary<int, KernelFault>>? Hooks { get; set; }

    public void Detach(int ifindex)
    {
        if (_attached.ContainsKey(ifindex)) Change("detach", () => _attached.Remove(ifindex));
    }

    public void Purge(int ifindex) => Change("purge", () => { });

    public string? Check(int ifindex) => _attached.ContainsKey(ifindex) ? null : "not attached";

    public IReadOnlyDictionary<int, (uint Incarnation, bool Live)> Attached() => _attached.ToDictionary(a => a.Key, a => (a.Value, true));

    /// <summary>Called before the image is read.</summary>
    public Action Read { get; set; } = () => { };

    public bool Holds(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds)
    {
        Read();
        return _image is not null && _image.Digest == Digest(words) && bind.SequenceEqual(_image.Bind) && ruleIds.SequenceEqual(_image.RuleIds);
    }

    public bool Holds(ImageStamp stamp, IReadOnlyDictionary<int, ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds)
    {
        Read();
        return _image is not null && stamp == Stamp && words.All(w => _image.Words[w.Key] == w.Value)
            && bind.SequenceEqual(_image.Bind) && ruleIds.SequenceEqual(_image.RuleIds);
    }

    public ImageStamp Stamp { get; private set; } = new("boot", 0);

    public void Commit(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds)
    {
        if (RefuseCommits) throw new KernelFault("no memory", null);
        var next = new Image(words.ToArray(), bind.ToArray(), ruleIds.ToArray());
        Change("commit", () => (_image, Stamp) = (next, Stamp.Next()));
    }

    public bool Change(IReadOnlyDictionary<int, ulong> words, ReadOnlySpan<ulong> bind)
    {
        if (RefuseCommits) throw new KernelFault("no memory", null);
        if (_image is null || _image.Bind.Length != bind.Length) return false;
        var next = _image with { Words = [.. _image.Words], Bind = bind.ToArray() };
        foreach (var (at, word) in words) next.Words[at] = word;
        Change("change", () => (_image, Stamp) = (next, Stamp.Next()));
        return true;
    }

    public void ForgetVnic(uint vnic) => Change("forget vnic", () => { });

    /// <summary>Interfaces that frames may leave straight to each other.</summary>
    public IReadOnlyList<Way> Ways { get; private set; } = [];

    public void SetWays(IReadOnlyList<Way> ways)
    {
        if (!Ways.SequenceEqual(ways)) Change("ways", () => Ways = ways);
    }

    /// <summary>Interfaces where somebody else sees what guests send.</summary>
    public HashSet<int> Crowded { get; } = [];

    public string? Obstacle { get; set; }

    public int Leases { get; private set; }

    public void RenewLease() => Leases++;

    /// <summary>How often <see cref="Alone"/> was asked.</summary>
    public int Asked { get; private set; }

    public IReadOnlySet<int> Alone(IReadOnlyList<int> ifindexes)
    {
        Asked++;
        return ifindexes.Except(Crowded).ToHashSet();
    }

    public void BumpTopology() => Change("bump", () => { });

    /// <summary>VMs that are charged for an element of a table.</summary>
    public HashSet<ushort> Vms { get; } = [];

    public KernelUse InUse() => new(new HashSet<uint>(), new HashSet<uint>(), Vms);

    public void ForgetRule(uint id) => Change("forget rule", () => { });

    public KernelNumbers Numbers() => new(
        _ports.Values.Select(p => p.Vnic).DefaultIfEmpty().Max(), (_image?.Bind ?? []).Select(w => (uint)(w >> 32)).DefaultIfEmpty().Max());

    public static string Digest(ReadOnlySpan<ulong> words) => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(words)));

    /// <summary>Everything that matters, as text.</summary>
    public string Picture() => string.Join('\n',
    [
        .. _ports.OrderBy(p => p.Key).Select(p => $"port {p.Key} vnic {p.Value.Vnic} slot {p.Value.Slot} {p.Value.Flags} {Fate(p.Key)}"),
        .. _macs.Select(m => $"mac {m}").Order(), .. _owners.Select(o => $"owner {o}").Order(), .. _licences.Select(l => $"licence {l}").Order(), .. _attached.Keys.Order().Select(a => $"attached {a}"),
        $"image {_image?.Digest} {string.Join(',', _image?.Bind ?? [])} {string.Join(',', _image?.RuleIds ?? [])}",
    ]);

    private void Change(string what, Action change)
    {
        if (StepsToLive-- <= 0) throw new KilledException();
        change();
        Changes.Add(what);
        Watch();
    }

    private sealed record Image(ulong[] Words, ulong[] Bind, uint[] RuleIds)
    {
        public string Digest => PretendedKernel.Digest(Words);
    }

    /// <summary>The agent died here.</summary>
    internal sealed class KilledException : Exception;
}
