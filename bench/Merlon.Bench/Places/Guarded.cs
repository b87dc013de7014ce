using System.Globalization;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Events;
using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;
using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Merlon.Policy.Text;

namespace Merlon.Bench.Places;

/// <summary>The product on both guests of a place, as the agent sets it up: windows, antiSpoof, hit counters, events with a reader that runs.</summary>
internal sealed class Guarded : IDisposable
{
    private const int Mtu = 1500;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);
    private static int s_count;
    private readonly List<Way> _ways = [];
    private readonly Place _place;
    private readonly EventReader _events;
    private readonly Thread _reader;
    private readonly int _size;
    private readonly bool _shortCut;
    private readonly string _pins;
    private volatile bool _over;

    /// <param name="manifest">Names the guests a and b.</param>
    /// <param name="shortCut">Of both Guards.</param>
    public Guarded(Place place, string objectPath, string manifest, int connections, bool shortCut = true)
    {
        (_place, _size, _shortCut) = (place, connections, shortCut);
        _pins = string.Create(CultureInfo.InvariantCulture, $"/sys/fs/bpf/merlon-bench-{Environment.ProcessId}-{++s_count}");
        Kernel = KernelDatapath.Open(new(objectPath, _pins, Connections4: connections, Connections6: 1024, HalfOpen: connections));
        _events = Kernel.OpenEvents();
        _reader = new(Read) { IsBackground = true };
        try
        {
            Apply(manifest);
            Kernel.ShortCut.Renew(Lease);
            _reader.Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public KernelDatapath Kernel { get; }

    /// <summary>A loaded program of the product's.</summary>
    public BpfFd Program(string name) => Bpf.OpenPinned(new PinFolder(_pins).Program(name)) ?? throw new InvalidOperationException($"{name} is not loaded");

    /// <summary>Live entries ÷ size of the table.</summary>
    public double Occupancy => (double)Kernel.Connections.List().Count / _size;

    /// <summary>Packets that went without the bridge, so far.</summary>
    public long Straight => (long)Kernel.Counters[Counter.ShortCut];

    /// <summary>What was dropped, for an error's text.</summary>
    public string Drops => string.Join(", ", Kernel.Counters.Drops().Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Key} {d.Value}")));

    public void Dispose()
    {
        _over = true;
        _events.Wake();
        if (!_reader.ThreadState.HasFlag(ThreadState.Unstarted)) _reader.Join();
        _events.Dispose();
        _place.Host.Enter(() =>
        {
            Kernel.Remove();
            return true;
        });
        Kernel.Dispose();
    }

    // The agent's two standing duties: events, and the lease of the short cut.
    private void Read()
    {
        var some = new MerlonEvent[256];
        while (!_over)
        {
            if (_events.Wait(TimeSpan.FromMilliseconds(200)))
                while (_events.Drain(some) > 0) { }
            Kernel.ShortCut.Renew(Lease);
        }
    }

    private void Apply(string manifest)
    {
        var parsed = ManifestParser.Parse([new ManifestText("bench.yaml", manifest)]);
        var set = PolicySet.Build(parsed.Documents.Select(d => new StoredDocument(d, 1))).Set ?? throw new InvalidOperationException("the bench's policy is not valid");
        var policy = Resolver.Resolve(set, VmInventory.FromDocuments(parsed.Documents.OfType<InventoryDocument>()), "", 0).Policy;
        var compiled = ImageCompiler.Compile(policy, 0);
        var image = compiled.Image ?? throw new InvalidOperationException($"the bench's policy does not fit: {compiled.Errors[0]}");
        var bind = new ulong[policy.Nics.Length];
        for (var i = 0; i < image.Nics.Length; i++) bind[Guest(image.Nics[i].Key, policy)] = (uint)(i + 1) | 1ul << 32;
        foreach (var nic in policy.Nics) AddPort(image, policy, nic);
        Kernel.Budgets.KeepShares(policy.Nics.Length);
        Kernel.Images.Commit(image.Words.AsSpan(), bind, [.. image.Rules.Select((_, i) => AbiLimits.RuleIdFirst + (uint)i)]);
        foreach (var ifindex in _place.Ifindex)
            _place.Host.Enter(() =>
            {
                Kernel.Attacher.Attach(ifindex, 1);
                return true;
            });
        Kernel.ShortCut.Set(_ways);
    }

    private static int Guest(NicKey key, HostPolicy policy) => policy.Endpoints.Single(e => e.Key == key).Vm == "a" ? 0 : 1;

    private void AddPort(HostImage image, HostPolicy policy, PolicyNic nic)
    {
        var endpoint = policy.Endpoints[nic.Endpoint];
        var guest = Guest(endpoint.Key, policy);
        var realm = (ushort)image.Realms.IndexOf(endpoint.Realm);
        var record = PortRecord.Of(nic.Mac, nic.Guard) with
        {
            Vnic = (uint)guest + 1,
            Incarnation = 1,
            Slot = (ushort)guest,
            Segment = 1,
            Realm = realm,
            Vm = (ushort)(guest + 1),
        };
        Kernel.Ports.Set(_place.Ifindex[guest], record);
        _ways.Add(Way.Of(_place.Ifindex[guest], record, domain: 1, Mtu, !_shortCut));
        Kernel.Macs.Set(1, nic.Mac, _place.Ifindex[guest], record.Vnic);
        foreach (var address in endpoint.Addresses) Kernel.Owners.Set(realm, address, record.Vnic);
    }
}
