using Merlon.Datapath.Native;

namespace Merlon.Datapath.Links;

/// <summary>Hears of every interface that comes, changes or goes, from the moment it is made: make it, then list.</summary>
public sealed class LinkWatch : IDisposable
{
    private const uint GroupLink = 1;
    private readonly NetlinkSocket _socket = new(GroupLink);

    /// <summary>The next changes, at least one.</summary>
    public async ValueTask<IReadOnlyList<LinkChange>> ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            var messages = await _socket.ReceiveAsync(cancel);
            if (messages is null) return [new(null, Removed: false, Missed: true)];
            var changes = new List<LinkChange>();
            foreach (var (type, payload) in messages)
                if (type is LinkMessage.New or LinkMessage.Deleted && LinkMessage.Read(payload) is { } link)
                    changes.Add(new(link, type == LinkMessage.Deleted, Missed: false));
            if (changes.Count > 0) return changes;
        }
    }

    public void Dispose() => _socket.Dispose();
}
