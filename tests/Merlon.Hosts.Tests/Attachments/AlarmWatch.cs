using System.Diagnostics;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Attachments;

/// <summary>Looks at an instance's alarms where people do: at the agent's socket and in merlon status.</summary>
public sealed class AlarmWatch(Product product) : IDisposable
{
    private readonly AgentSocket _agent = new(product.Paths);

    public IReadOnlyList<Alarm> AtAgent() => _agent.Status().Alarms;

    public IReadOnlyList<Alarm> AtController()
    {
        var status = JsonSerializer.Deserialize(product.Cli("status", "-o", "json").Ok(), ApiJson.Default.StatusRecord)!;
        return [.. status.Alarms, .. status.Hosts.SelectMany(h => h.Status?.Alarms ?? [])];
    }

    public NicStatus Nic(string ifname) => _agent.Status().Interfaces.Single(i => i.Ifname == ifname);

    /// <summary>Seconds until an alarm shows at the agent and in merlon status; -1 for what <paramref name="limit"/> did not bring.</summary>
    public (double Agent, double Controller) Await(Func<Alarm, bool> alarm, TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        var (agent, controller) = (-1.0, -1.0);
        while (clock.Elapsed < limit && (agent < 0 || controller < 0))
        {
            if (agent < 0 && AtAgent().Any(alarm)) agent = clock.Elapsed.TotalSeconds;
            if (controller < 0 && AtController().Any(alarm)) controller = clock.Elapsed.TotalSeconds;
            Thread.Sleep(50);
        }
        return (agent, controller);
    }

    public void Dispose() => _agent.Dispose();
}
