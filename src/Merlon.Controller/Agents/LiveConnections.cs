using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Controller.Inventory;

namespace Merlon.Controller.Agents;

/// <summary>The connections that the hosts' kernels hold now, asked of their agents.</summary>
internal sealed class LiveConnections(HostRegistry registry)
{
    /// <summary>As many as are told of at once.</summary>
    public const int Most = 10_000;

    /// <param name="place">Null = of all VMs.</param>
    /// <returns>The connections of all hosts that are there, or why one of them gave none.</returns>
    public async Task<(IReadOnlyList<ConnectionRecord> Connections, ApiError? Problem)> Of(VmPlace? place, int limit, CancellationToken cancel)
    {
        var all = new List<ConnectionRecord>();
        foreach (var host in registry.Hosts.Where(h => h.Connected && (place is null || h.Uuid == place.Host)))
        {
            if (registry.Session(host.Uuid) is not { } session) continue;
            try
            {
                var answer = await session.Ask(new() { Vm = place?.Vm.Uuid ?? "", Limit = (uint)limit }, cancel);
                if (answer.Error.Length > 0) return ([], new("agent-error", $"{host.Name}: {answer.Error}"));
                all.AddRange(JsonSerializer.Deserialize(answer.Json, ApiJson.Default.IReadOnlyListConnectionRecord) ?? []);
            }
            catch (Exception e) when (e is TimeoutException or JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                return ([], new("agent-silent", $"the agent of {host.Name} gave no usable answer", "is it running? see /v1/status"));
            }
        }
        return ([.. all.Take(limit)], null);
    }
}
