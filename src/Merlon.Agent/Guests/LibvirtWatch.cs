using System.Collections.Concurrent;
using System.Threading.Channels;
using Merlon.Agent.Gate;
using Merlon.Agent.Migration.Bus;
using Merlon.Libvirt;
using Merlon.Libvirt.Domains;
using Merlon.Libvirt.Events;

namespace Merlon.Agent.Guests;

/// <summary>Keeps a connection to libvirt and tells of every change; tries again for ever when it is lost.</summary>
internal sealed class LibvirtWatch(string uri, HookProof proof, HostIdentity identity, Board board, ILogger log)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ProveEvery = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, string> _papers = new();
    private readonly BusPlug _plug = new(board, log);
    private long _proveAt;
    private readonly Channel<bool> _again = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Asks for a new list soon: an interface came that no known guest has.</summary>
    public void AskAgain() => _again.Writer.TryWrite(true);

    /// <summary>Finds out soon whether libvirt calls the start gate.</summary>
    public void AskGate()
    {
        Volatile.Write(ref _proveAt, 0);
        AskAgain();
    }

    /// <summary>VMs whose connections travel. Set before anything else happens.</summary>
    public Func<IReadOnlySet<string>> Carried { get; set; } = () => new HashSet<string>();

    /// <summary>A policy could not be written into this VM, and why. Set before anything else happens.</summary>
    public Action<string, string> NotWritten { get; set; } = (_, _) => { };

    /// <summary>Writes a policy into a VM soon; only the newest of several.</summary>
    public void WritePolicy(string uuid, string text)
    {
        _papers[uuid] = text;
        AskAgain();
    }

    public async Task RunAsync(Action<IReadOnlyList<DomainInfo>, long> changed, Action<string, string> lost, CancellationToken stop)
    {
        string? told = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var connection = LibvirtConnection.Open(uri);
                Log.LibvirtConnected(log, uri);
                told = null;
                identity.Learn(connection.HostUuid);
                Volatile.Write(ref _proveAt, 0);
                await FollowAsync(connection, changed, stop);
                lost("the connection was closed", "is libvirtd running?");
            }
            catch (LibvirtException e)
            {
                if (e.Detail != told) Log.LibvirtLost(log, e.Detail);
                told = e.Detail;
                identity.Learn(null);
                lost(e.Detail, e.Mend);
            }
            catch (FormatException e)
            {
                lost(e.Message, "mend the domain's XML");
            }
            await Task.Delay(Retry, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(LibvirtConnection connection, Action<IReadOnlyList<DomainInfo>, long> changed, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            WritePolicies(connection); // before the list, which shows it
            var asked = Environment.TickCount64;
            var domains = connection.ListDomains();
            changed(domains, asked);
            Prove(connection);
            var carried = Carried();
            _plug.Keep(domains, carried, new Monitor(connection), stop);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var happened = connection.Events.WaitToReadAsync(either.Token).AsTask();
            await Task.WhenAny(happened, _again.Reader.WaitToReadAsync(either.Token).AsTask(), Task.Delay(ProveEvery, either.Token), _plug.BoardEnds ?? happened);
            await either.CancelAsync();
            if (stop.IsCancellationRequested || !connection.IsAlive) return;
            _again.Reader.TryRead(out _);
            // One list answers any number of events.
            while (connection.Events.TryRead(out var e))
                if (e.Kind == DomainEventKind.ConnectionClosed) return;
        }
    }

    private void WritePolicies(LibvirtConnection connection)
    {
        foreach (var uuid in _papers.Keys)
        {
            if (!_papers.TryRemove(uuid, out var text)) continue;
            try
            {
                connection.SetPolicyInside(uuid, text);
            }
            catch (LibvirtException e)
            {
                Log.DocumentNotWritten(log, e.Detail);
                NotWritten(uuid, e.Detail);
            }
        }
    }

    /// <summary>Before there is no board any more: takes out of every QEMU what it is connected to it by. Returns how many VMs keep it, and throws <see cref="LibvirtException"/>.</summary>
    public static int TakeBusesOut(string uri)
    {
        using var connection = LibvirtConnection.Open(uri);
        return BusPlug.UnplugAll(connection.ListDomains(), new Monitor(connection));
    }

    // Blocks this thread and no other: the hook that libvirt calls meanwhile is answered elsewhere.
    private void Prove(LibvirtConnection connection)
    {
        if (proof.IsLive || Environment.TickCount64 < Volatile.Read(ref _proveAt)) return;
        Volatile.Write(ref _proveAt, Environment.TickCount64 + (long)ProveEvery.TotalMilliseconds);
        var before = proof.Record.Found;
        proof.Asked(connection.TryStartProbe(HookCall.ProbeName, proof.Ask()));
        if (proof.IsLive) Log.GateProved(log);
        else if (proof.Record.Found is var found && found != before) Log.GateNotProved(log, found);
    }

    private sealed class Monitor(LibvirtConnection connection) : BusPlug.IMonitor
    {
        public string? Ask(string vm, string command) => connection.Monitor(vm, command);

        public void Mark(string vm, bool carried) => connection.SetCarried(vm, carried);
    }
}
