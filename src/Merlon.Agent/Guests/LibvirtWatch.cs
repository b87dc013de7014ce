using System.Threading.Channels;
using Merlon.Libvirt;
using Merlon.Libvirt.Domains;
using Merlon.Libvirt.Events;

namespace Merlon.Agent.Guests;

/// <summary>Keeps a connection to libvirt and tells of every change; tries again for ever when it is lost.</summary>
internal sealed class LibvirtWatch(string uri, ILogger log)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);
    private readonly Channel<bool> _again = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>The host as libvirt knows it; null before the first connection.</summary>
    public string? HostUuid { get; private set; }

    /// <summary>Asks for a new list soon: an interface came that no known guest has.</summary>
    public void AskAgain() => _again.Writer.TryWrite(true);

    public async Task RunAsync(Action<IReadOnlyList<DomainInfo>> changed, Action<string, string> lost, CancellationToken stop)
    {
        string? told = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var connection = LibvirtConnection.Open(uri);
                Log.LibvirtConnected(log, uri);
                told = null;
                HostUuid = connection.HostUuid;
                await FollowAsync(connection, changed, stop);
                lost("the connection was closed", "is libvirtd running?");
            }
            catch (LibvirtException e)
            {
                if (e.Detail != told) Log.LibvirtLost(log, e.Detail);
                told = e.Detail;
                lost(e.Detail, e.Mend);
            }
            catch (FormatException e)
            {
                lost(e.Message, "mend the domain's XML");
            }
            await Task.Delay(Retry, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(LibvirtConnection connection, Action<IReadOnlyList<DomainInfo>> changed, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            changed(connection.ListDomains());
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var happened = connection.Events.WaitToReadAsync(either.Token).AsTask();
            await Task.WhenAny(happened, _again.Reader.WaitToReadAsync(either.Token).AsTask());
            await either.CancelAsync();
            if (stop.IsCancellationRequested || !connection.IsAlive) return;
            _again.Reader.TryRead(out _);
            // One list answers any number of events.
            while (connection.Events.TryRead(out var e))
                if (e.Kind == DomainEventKind.ConnectionClosed) return;
        }
    }
}
