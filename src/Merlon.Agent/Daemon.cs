using Merlon.Agent.Flows;
using Merlon.Agent.Gate;
using Merlon.Agent.Guests;
using Merlon.Agent.Learning;
using Merlon.Agent.Link;
using Merlon.Agent.Migration.Connections;
using Merlon.Agent.Status;
using Merlon.Agent.Sync;
using Merlon.Contracts.Pki;
using Merlon.Datapath;
using Merlon.Datapath.Links;

namespace Merlon.Agent;

/// <summary>The running agent: wires the rooms together and ends without touching what the kernel enforces.</summary>
internal sealed class Daemon(AgentOptions options)
{
    public const string FlowFile = "flows.queue";

    // About 100,000 records.
    private const int FlowBytes = 32 << 20;

    public async Task RunAsync()
    {
        RequireWritable(options.Paths.Var);
        using var hold = InstanceLock.Take(options.Paths);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(new JournalLoggerProvider());
        AgentApi.Listen(builder, options.Paths.AgentSocket);
        await using var app = builder.Build();
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Merlon.Agent");
        var sizes = new DatapathOptions(options.ObjectPath, options.Paths.Bpf);
        // A hook may be starting a VM at this moment.
        var turn = KernelTurn.Wait(options.Paths);
        using var datapath = KernelDatapath.Open(sizes);
        foreach (var notice in datapath.Notices) Log.Notice(log, notice);
        datapath.ShortCut.On = options.ShortCut;
        using var watch = new LinkWatch();
        var keeper = new HostKeeper(options, new KernelTables(datapath), LinkFollower.List, log);
        keeper.Start();
        turn.Dispose();
        using var flows = new FlowQueue(Path.Combine(options.Paths.Run, FlowFile), FlowBytes);
        var pump = new EventPump(datapath, () => keeper.Names, flows, log);
        var claims = new ClaimBook(TimeProvider.System);
        var learning = new ClaimPump(datapath, () => keeper.Names, claims, log);
        var identity = new HostIdentity(options.Paths.Var, options.LibvirtUri is not null);
        var libvirt = options.LibvirtUri is { } uri ? new LibvirtWatch(uri, keeper.Proof, identity, new(options.Paths), log) : null;
        var status = new StatusWriter(options, keeper, datapath, sizes, flows, pump, learning, () => identity.Uuid);
        var overBudget = new OverBudget(datapath.Budgets.Get, pump.Talkers, r => flows.Add(r, own: true), keeper.Alarms);
        using var top = new TopDoor(keeper, datapath, pump, overBudget);
        using var connections = new ConnectionDoor(keeper, datapath.Connections, options.Host, options.Paths.Var, log);
        AgentApi.Map(app, keeper, status, () => Doctor.Run(options.Paths.Bpf, options.ObjectPath, keeper.Box.Ask(status.Status).Result,
            options.LibvirtUri is not null, options.Controller is not null), new(keeper, datapath, app.Lifetime.ApplicationStopping),
            new(keeper, datapath), top, new(keeper, keeper.Proof), connections);
        using var pki = options.Controller is null ? null : HostPki.EnsureAt(options.Paths.Pki);
        var link = pki is null ? null : new ControllerLink(options.Controller!, pki, flows, claims, log);
        if (link is not null) keeper.Send = link.Send;
        await app.StartAsync();
        Log.Started(log, StatusWriter.Version, options.Host, options.Paths.Instance);
        await RunAllAsync(app, keeper, status, overBudget, pump, learning, libvirt, link, identity, watch, log);
        Log.Stopped(log);
    }

    private async Task RunAllAsync(WebApplication app, HostKeeper keeper, StatusWriter status, OverBudget overBudget, EventPump pump, ClaimPump learning,
        LibvirtWatch? libvirt, ControllerLink? link, HostIdentity identity, LinkWatch watch, ILogger log)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(app.Lifetime.ApplicationStopping);
        var stop = over.Token;
        var parts = new List<Task>
        {
            OnThread("keeper", () => keeper.Run(stop)),
            OnThread("events", () => pump.Run(stop)),
            OnThread("claims", () => learning.Run(stop)),
            LinkFollower.RunAsync(watch, keeper.LinksChanged, stop),
            Beat.RunAsync(keeper, status, overBudget, stop),
        };
        if (libvirt is not null)
        {
            keeper.AskGuests = libvirt.AskAgain;
            keeper.AskGate = libvirt.AskGate;
            keeper.Papers.Write = libvirt.WritePolicy;
            libvirt.Carried = () => ConnectionDoor.Carried(keeper.Policy.Plan);
            libvirt.NotWritten = (uuid, why) => keeper.Box.Post(() => keeper.DocumentNotWritten(uuid, why));
            // A libvirt that hangs keeps nobody from the controller.
            parts.Add(Task.Run(() => libvirt.RunAsync((domains, asked) => keeper.Box.Post(() => keeper.DomainsChanged(domains, asked)),
                (reason, mend) => keeper.Box.Post(() => keeper.LibvirtLost(reason, mend)), stop), CancellationToken.None));
        }
        if (link is not null) parts.Add(link.RunAsync(new LinkHost(options, identity, keeper, status, pump), stop));
        var first = await Task.WhenAny([app.WaitForShutdownAsync(CancellationToken.None), .. parts]);
        if (first.IsFaulted) Log.StepFailed(log, first.Exception);
        await over.CancelAsync();
        await app.StopAsync();
        await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    // Found out now and not with the first policy, which would have no place to be kept.
    private static void RequireWritable(string folder)
    {
        Directory.CreateDirectory(folder);
        var probe = Path.Combine(folder, ".writable");
        File.WriteAllBytes(probe, [0]);
        File.Delete(probe);
    }

    private static Task OnThread(string name, Action work)
    {
        var done = new TaskCompletionSource();
        new Thread(() =>
        {
            try
            {
                work();
                done.SetResult();
            }
#pragma warning disable CA1031 // it ends the daemon, by way of the task
            catch (Exception e)
#pragma warning restore CA1031
            {
                done.SetException(e);
            }
        })
        { Name = name, IsBackground = true }.Start();
        return done.Task;
    }
}
