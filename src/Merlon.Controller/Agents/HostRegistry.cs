using System.Collections.Concurrent;

namespace Merlon.Controller.Agents;

/// <summary>Every host that has spoken since the start, and the session through which it can be asked.</summary>
public sealed class HostRegistry
{
    private readonly ConcurrentDictionary<string, HostState> hosts = new();
    private readonly ConcurrentDictionary<string, AgentSession> sessions = new();

    /// <summary>Ordered by name.</summary>
    public IReadOnlyList<HostState> Hosts => [.. hosts.Values.OrderBy(h => h.Name, StringComparer.Ordinal).ThenBy(h => h.Uuid, StringComparer.Ordinal)];

    public HostState? Find(string uuid) => hosts.GetValueOrDefault(uuid);

    internal AgentSession? Session(string uuid) => sessions.GetValueOrDefault(uuid);

    internal void Update(string uuid, Func<HostState, HostState> change) =>
        hosts.AddOrUpdate(uuid, _ => change(new(uuid, uuid)), (_, old) => change(old));

    /// <summary>One session to a host: an agent that dials again is the one that lives, its older stream is a dead one.</summary>
    internal void Enter(AgentSession session)
    {
        AgentSession? older = null;
        sessions.AddOrUpdate(session.HostUuid, session, (_, old) =>
        {
            older = old;
            return session;
        });
        older?.End();
    }

    internal void Leave(AgentSession session)
    {
        if (sessions.TryRemove(KeyValuePair.Create(session.HostUuid, session)))
            Update(session.HostUuid, h => h with { Connected = false });
    }
}
