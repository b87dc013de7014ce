using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Events;
using Merlon.Datapath.Maps;
using Merlon.Kernel.Tests.Fixtures;
using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Merlon.Policy.Text;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>The real program with a policy loaded and one port per guarded vNIC. One instance per test class.</summary>
public class World : IDisposable
{
    private readonly Dictionary<string, ushort> _segments = [];
    private readonly Dictionary<NicKey, uint> _epochs = [];
    private readonly Dictionary<Reason, ulong> _drops = [];
    private readonly EventReader _events;
    private readonly DatapathOptions _options;
    private uint _vnics;
    private bool _given;

    /// <param name="options">Sizes; an object path of "" is the program of this checkout, and the pins are always this world's own.</param>
    public World(string? manifest = null, DatapathOptions? options = null)
    {
        _options = options ?? new("", "", 4096, 4096, 1024);
        Folder = ProgramPool.Take(_options);
        TestPlace.Roam();
        Kernel = KernelDatapath.Open(_options with { ObjectPath = _options.ObjectPath is "" ? KernelObject.Path : _options.ObjectPath, BpffsFolder = Folder });
        _events = Kernel.OpenEvents();
        if (manifest is not null) Apply(manifest);
    }

    public KernelDatapath Kernel { get; }

    /// <summary>Where its maps are pinned.</summary>
    public string Folder { get; }

    public Dictionary<string, Port> Ports { get; } = [];

    /// <summary>Host rule id to name, of the image in force.</summary>
    public Dictionary<uint, string> Rules { get; private set; } = [];

    public Port this[string vm] => Ports[vm];

    public void Apply(string manifest) => Apply([new ManifestText("test.yaml", manifest)]);

    public void Apply(IEnumerable<ManifestText> files)
    {
        var parsed = ManifestParser.Parse(files);
        var built = PolicySet.Build(parsed.Documents.Select(d => new StoredDocument(d, 1)));
        if (built.Set is not { } set || !parsed.Ok)
            throw new InvalidOperationException(string.Join('\n', [.. parsed.Diagnostics, .. built.Diagnostics]));
        Apply(set, VmInventory.FromDocuments(parsed.Documents.OfType<InventoryDocument>()), "", 0);
    }

    /// <summary>Everything anew: image, epochs of every vNIC, ports not there yet.</summary>
    public void Apply(PolicySet set, VmInventory inventory, string host, long at)
    {
        (Set, Inventory) = (set, inventory);
        var policy = Resolver.Resolve(set, inventory, host, 0).Policy;
        var image = ImageCompiler.Compile(policy, at).Image!;
        foreach (var nic in policy.Nics) AddPort(image, policy, nic);
        Commit(image);
    }

    /// <summary>Puts an image into force. bump: every vNIC gets a new policy epoch.</summary>
    public void Commit(HostImage image, bool bump = true)
    {
        var bind = new ulong[AbiLimits.MaxSlots];
        for (var i = 0; i < image.Nics.Length; i++)
        {
            var key = image.Nics[i].Key;
            if (bump || !_epochs.ContainsKey(key)) _epochs[key] = _epochs.GetValueOrDefault(key) + 1;
            bind[PortOf(key).Record.Slot] = (uint)(i + 1) | (ulong)_epochs[key] << 32;
        }
        Rules = image.Rules.Select((r, i) => (r, i)).ToDictionary(r => AbiLimits.RuleIdFirst + (uint)r.i, r => r.r.ToString());
        Rules[AbiLimits.RuleIdDefault] = "default";
        Kernel.Images.Commit(image.Words.AsSpan(), bind, [.. image.Rules.Select((_, i) => AbiLimits.RuleIdFirst + (uint)i)]);
        Image = image;
    }

    public HostImage? Image { get; private set; }

    /// <summary>What was applied last.</summary>
    public PolicySet? Set { get; private set; }

    public VmInventory? Inventory { get; private set; }

    public void ChangePort(string vm, Func<PortRecord, PortRecord> change)
    {
        var port = Ports[vm];
        Ports[vm] = port with { Record = change(port.Record) };
        Kernel.Ports.Set(port.Ifindex, Ports[vm].Record);
    }

    /// <summary>Puts a port at a real interface of this thread's network namespace and attaches both hooks there.</summary>
    public void AttachPort(string vm, int ifindex)
    {
        var before = Ports[vm].Ifindex;
        var port = Ports[vm] = Ports[vm] with { Ifindex = ifindex };
        // Two namespaces count their interfaces each for itself: the old number may be another port's new one.
        if (Ports.Values.All(p => p.Ifindex != before)) Kernel.Ports.Remove(before);
        Kernel.Ports.Set(ifindex, port.Record);
        Kernel.Macs.Set(port.Record.Segment, port.Mac, ifindex, port.Record.Vnic);
        Kernel.Attacher.Attach(ifindex, port.Record.Incarnation);
    }

    /// <summary>One hook, by itself.</summary>
    public Outcome Hook(string hook, Port port, byte[] frame)
    {
        TestPlace.StayOnOneCpu();
        var result = Kernel.Tests.Run(hook, frame, port.Ifindex);
        if (result.Passed) return Outcome.Pass;
        if (!result.Dropped) throw new InvalidOperationException($"{hook} returned {result.ReturnCode}");
        return new(false, hook, NewDrop());
    }

    /// <summary>The same frame many times in a row, or one without asking for the reason; true = passed.</summary>
    public bool Flood(string hook, Port port, byte[] frame, int times = 1)
    {
        TestPlace.StayOnOneCpu();
        return Kernel.Tests.Run(hook, frame, port.Ifindex, times).Passed;
    }

    /// <summary>As a bridge would: out of the port that has the source MAC, into the one that has the destination MAC.</summary>
    public Outcome Send(Packet packet) => Send(packet.Bytes(), packet.SourceMac, packet.DestinationMac);

    public Outcome Send(byte[] frame, MacAddress source, MacAddress destination)
    {
        var from = Ports.Values.FirstOrDefault(p => p.Mac == source);
        var to = Ports.Values.FirstOrDefault(p => p.Mac == destination);
        if (from is not null && Hook("from_vm", from, frame) is { Passed: false } dropped) return dropped;
        return to is null || to == from ? Outcome.Pass : Hook("to_vm", to, frame);
    }

    public List<MerlonEvent> Events()
    {
        var all = new List<MerlonEvent>();
        var buffer = new MerlonEvent[256];
        for (int n; (n = _events.Drain(buffer)) > 0;) all.AddRange(buffer.AsSpan(0, n));
        return [.. all.OrderBy(e => e.TimeNs)];
    }

    /// <summary>Drops by reason, but for flooded copies for another MAC: they are no loss.</summary>
    public Dictionary<Reason, ulong> Losses() => Kernel.Counters.Drops().Where(d => d.Key != Reason.OtherMac).ToDictionary();

    /// <summary>One of its maps, as the agent's own tables know it.</summary>
    internal KernelMap Open(string map) => Pinned.Map(Folder, map);

    /// <summary>Everything that a capture holds.</summary>
    public static List<CaptureRecord> All(CaptureReader reader)
    {
        var (all, some) = (new List<CaptureRecord>(), new CaptureRecord[64]);
        for (int n; (n = reader.Drain(some)) > 0;) all.AddRange(some.AsSpan(0, n));
        return all;
    }

    /// <summary>From now on nothing expires.</summary>
    public void EndTimer() => ProgramPool.EndTimer(Folder);

    /// <summary>Waits until so many full looks of the timer at every table have passed.</summary>
    public void WaitForTimer(int passes = 5)
    {
        var until = Kernel.Counters[Counter.TimerPasses] + (ulong)passes;
        for (var i = 0; Kernel.Counters[Counter.TimerPasses] < until; i++)
        {
            if (i > 400) throw new InvalidOperationException("the timer does not run");
            Thread.Sleep(25);
        }
    }

    public void Dispose()
    {
        if (_given) return;
        _given = true;
        _events.Dispose();
        ProgramPool.Give(_options, Folder, Kernel);
        GC.SuppressFinalize(this);
    }

    private Port PortOf(NicKey key) => Ports.Values.First(p => p.Key == key);

    private void AddPort(HostImage image, HostPolicy policy, PolicyNic nic)
    {
        var endpoint = policy.Endpoints[nic.Endpoint];
        if (Ports.Values.Any(p => p.Key == endpoint.Key)) return;
        var place = nic.SegmentOf(endpoint.Key);
        var segment = _segments.TryGetValue(place, out var known) ? known : _segments[place] = (ushort)(_segments.Count + 1);
        var realm = (ushort)image.Realms.IndexOf(endpoint.Realm);
        var index = Ports.Count;
        var record = PortRecord.Of(nic.Mac, nic.Guard) with
        {
            Vnic = ++_vnics,
            Incarnation = 7,
            Slot = (ushort)(index + 3),
            Segment = segment,
            Realm = realm,
            Vm = (ushort)(index + 1),
        };
        var name = Ports.ContainsKey(endpoint.Vm) ? endpoint.Key.ToString() : endpoint.Vm;
        Ports[name] = new(endpoint.Key, endpoint.Vm, TestPlace.Tap(index), nic.Mac, [.. endpoint.Addresses], record);
        Kernel.Ports.Set(Ports[name].Ifindex, record);
        Kernel.Macs.Set(segment, nic.Mac, Ports[name].Ifindex, record.Vnic);
        foreach (var address in endpoint.Addresses) Kernel.Owners.Set(realm, address, record.Vnic);
        if (nic.Guard.AntiSpoof.Licence is { IsNone: false } licence) Kernel.Licences.Set(record.Vnic, record.Slot, licence);
    }

    private Reason NewDrop()
    {
        var now = Kernel.Counters.Drops();
        var changed = now.Where(d => d.Value != _drops.GetValueOrDefault(d.Key)).ToArray();
        foreach (var (reason, count) in now) _drops[reason] = count;
        return changed.Length == 1 ? changed[0].Key : throw new InvalidOperationException($"{changed.Length} reasons counted for one drop");
    }
}
