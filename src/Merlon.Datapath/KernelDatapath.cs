using Merlon.Datapath.Abi;
using Merlon.Datapath.Attach;
using Merlon.Datapath.Events;
using Merlon.Datapath.Maps;

namespace Merlon.Datapath;

/// <summary>The loaded program, its maps and its attachments. Everything is pinned: disposing closes descriptors only, and
/// the kernel keeps enforcing.</summary>
public sealed class KernelDatapath : IDisposable
{
    private const int TimerWithoutMemory = 2; // start_timer's word for a bpf_timer_init that failed
    private readonly Loaded _loaded;

    private KernelDatapath(Loaded loaded, DatapathOptions options)
    {
        _loaded = loaded;
        Control = new(loaded.Map("control"));
        Images = new(loaded.Map("images"), Control, options.Alone);
        Ports = new(loaded.Map("ports"));
        ShortCut = new(loaded.Map("ways"), Control);
        Macs = new(loaded.Map("macs"));
        Owners = new(loaded.Map("owners"));
        Licences = new(loaded.Map("licences"));
        Adoptions = new(loaded.Map("adoptions"));
        Budgets = new(loaded.Map("budgets"), loaded.Map("pools"), loaded.Map("half4"), loaded.Map("half6"), loaded.Map("conn4"), loaded.Map("conn6"));
        Counters = new(loaded.Map("counters"), loaded.Map("reasons"), loaded.Map("rule_hits"));
        Connections = new(loaded.Map("conn4"), loaded.Map("conn6"), loaded.Map("half4"), loaded.Map("half6"), new(loaded, "remove_vnic"), new(loaded, "bring_connection"));
        Rings = new(loaded.Map("rings"), options.RingBytes);
        Tests = new(loaded);
        Attacher = new(loaded);
    }

    public ControlTable Control { get; }
    public ImageStore Images { get; }
    public PortTable Ports { get; }
    public ShortCut ShortCut { get; }
    public MacTable Macs { get; }
    public OwnerTable Owners { get; }
    public LicenceTable Licences { get; }
    public AdoptionTable Adoptions { get; }
    public BudgetTable Budgets { get; }
    public Counters Counters { get; }
    public ConnectionTable Connections { get; }
    public Attacher Attacher { get; }

    /// <summary>Runs the real program on crafted packets.</summary>
    public TestRun Tests { get; }

    /// <summary>True when the pins of an earlier run were taken over, entries and all.</summary>
    public bool Reused { get; private init; }

    /// <summary>What a person should know though it is no error, such as a table that keeps its old size.</summary>
    public IReadOnlyList<string> Notices => _loaded.Notices;

    internal RingSet Rings { get; }

    /// <summary>Loads and pins, or takes over what is pinned. The same object file: programs and entries stay. A newer one of
    /// the same ABI: entries stay and every attached interface changes program atomically. Another ABI: refused.</summary>
    public static KernelDatapath Open(DatapathOptions options)
    {
        KernelProbe.Require(options.BpffsFolder);
        var reused = File.Exists(new PinFolder(options.BpffsFolder).Marker);
        var loaded = new Loader(options).Open();
        KernelDatapath? opened = null;
        try
        {
            opened = new(loaded, options) { Reused = reused };
            opened.Control.Initialize(AbiLimits.Version);
            opened.Rings.Fill();
            StartTimer(loaded);
            if (loaded.Fresh is not null)
            {
                // What another program stamped and was lent is not this one's.
                opened.ShortCut.Renew(TimeSpan.Zero);
                opened.Control.BumpTopology();
                opened.Attacher.UpdateAll();
            }
            loaded.WriteMarker();
            return opened;
        }
        catch
        {
            opened?.Dispose();
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>A reader of the event rings; one at a time.</summary>
    public EventReader OpenEvents() => new(Rings);

    /// <summary>A reader of what captured ports met, from now on; one at a time.</summary>
    public CaptureReader OpenCapture() => new(_loaded.Map("captures"));

    /// <summary>A reader of the addresses that VMs begin to use; one at a time.</summary>
    public ClaimReader OpenClaims() => new(_loaded.Map("claims"));

    /// <summary>Counts how long the hooks run, until it is disposed.</summary>
    public ProgramTime CountTime() => new(_loaded);

    /// <summary>Detaches every interface and removes every pin. Live connections and counters are gone after it.</summary>
    public void Remove() => Uninstall.Remove(_loaded.Pins.Root);

    public void Dispose()
    {
        Budgets.Dispose();
        Images.Dispose();
        Control.Dispose();
        _loaded.Dispose();
    }

    // Harmless when it runs already. The kernel takes the timer's memory without waiting, so a busy machine may have none for a moment.
    private static void StartTimer(Loaded loaded)
    {
        var start = new KernelCall(loaded, "start_timer");
        var step = start.Run(0);
        for (var retry = 0; step == TimerWithoutMemory && retry < 100; retry++)
        {
            Thread.Sleep(20);
            step = start.Run(0);
        }
        if (step != 0) throw new DatapathException("timer-failed", $"the expiry timer did not start ({step})", "report it with 'uname -r'");
    }
}
