using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using Merlon.Contracts.Wire;
using Merlon.Controller.Rules;
using Merlon.Controller.Store;

namespace Merlon.Controller.Agents;

/// <summary>Every host that has ever spoken, and the session through which it can be asked.</summary>
public sealed class HostRegistry
{
    /// <summary>A peer cannot make hosts without end.</summary>
    internal const int MostHosts = 1000;

    private readonly IStateStore store;
    private readonly ConcurrentDictionary<string, HostState> hosts;
    private readonly ConcurrentDictionary<string, AgentSession> sessions = new();

    public HostRegistry(IStateStore store)
    {
        this.store = store;
        hosts = new(store.List(Keys.Host).Select(v => new HostState(v.Key[Keys.Host.Length..], Encoding.UTF8.GetString(v.Value.Span)))
            .Select(h => KeyValuePair.Create(h.Uuid, h)));
    }

    /// <summary>Ordered by name.</summary>
    public IReadOnlyList<HostState> Hosts => [.. hosts.Values.OrderBy(h => h.Name, StringComparer.Ordinal).ThenBy(h => h.Uuid, StringComparer.Ordinal)];

    /// <summary>Judgements of each rule, of all hosts.</summary>
    public IReadOnlyDictionary<string, long> Hits => Sum(h => h.Hits);

    /// <summary>How often a rule that is observed would have decided otherwise, on all hosts.</summary>
    public IReadOnlyDictionary<string, long> Would => Sum(h => h.Would);

    public HostState? Find(string uuid) => hosts.GetValueOrDefault(uuid);

    private Dictionary<string, long> Sum(Func<HostState, ImmutableDictionary<string, ulong>> of)
    {
        var sum = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (rule, count) in hosts.Values.SelectMany(of)) sum[rule] = (long)Math.Min((ulong)sum.GetValueOrDefault(rule) + Math.Min(count, long.MaxValue), long.MaxValue);
        return sum;
    }

    internal AgentSession? Session(string uuid) => sessions.GetValueOrDefault(uuid);

    internal void Update(string uuid, Func<HostState, HostState> change) =>
        hosts.AddOrUpdate(uuid, _ => change(new(uuid, uuid)), (_, old) => change(old));

    /// <summary>The host's name is kept, so that people can be told who is missing after a restart.</summary>
    internal void Name(string uuid, string name)
    {
        if (Find(uuid)?.Name != name) store.Put(new StateBatch().Put(Keys.Host + uuid, Encoding.UTF8.GetBytes(name)));
        Update(uuid, h => h with { Name = name });
    }

    /// <summary>Its stored name is gone already.</summary>
    internal void Forget(string uuid) => hosts.TryRemove(uuid, out _);

    /// <summary>One session to a host: an agent that dials again is the one that lives, its older stream is a dead one. What that one
    /// still had to say is taken or dropped before this returns: it never overtakes the new session's.</summary>
    internal async Task Enter(AgentSession session)
    {
        Expect.That(hosts.ContainsKey(session.HostUuid) || hosts.Count < MostHosts, "hello.host_uuid", $"is that of one more than {MostHosts} hosts");
        AgentSession? older = null;
        sessions.AddOrUpdate(session.HostUuid, session, (_, old) =>
        {
            older = old;
            return session;
        });
        if (older is null) return;
        older.End();
        await older.Over;
    }

    // In this order: whoever finds no session, or waited for this one, finds the host away too.
    internal void Leave(AgentSession session)
    {
        Update(session.HostUuid, h => h with { Connected = false });
        sessions.TryRemove(KeyValuePair.Create(session.HostUuid, session));
    }
}
