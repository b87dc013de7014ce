using Merlon.Agent.Flows;
using Merlon.Agent.Status;
using Merlon.Agent.Sync;
using Merlon.Contracts.Api;
using Merlon.Datapath.Maps;
using Wire = Merlon.Contracts.Wire;

namespace Merlon.Agent;

/// <summary>The clock of the agent: checks each second, status each fifth and with every new alarm.</summary>
internal static class Beat
{
    private const int StatusEvery = 5;

    public static async Task RunAsync(HostKeeper keeper, StatusWriter status, OverBudget overBudget, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var beat = 0; ; beat++)
        {
            var due = beat % StatusEvery == 0;
            keeper.Box.Post(() =>
            {
                keeper.Tick();
                overBudget.Look(keeper.Wanted().Select(w => w.Plan).OfType<NicPlan>(), keeper.Names, ClockOffset.Measure(), BootClock.NowNs);
                if (keeper.Alarms.TakeRaised() || due) keeper.Send(new() { Status = Message(status) });
            });
            try
            {
                if (!await timer.WaitForNextTickAsync(stop)) return;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    public static Wire.HostStatus Message(StatusWriter status)
    {
        var message = new Wire.HostStatus { Json = System.Text.Json.JsonSerializer.Serialize(status.Status(), ApiJson.Default.HostStatus) };
        foreach (var hit in status.RuleHits())
        {
            message.Hits[hit.Rule] = (ulong)hit.Hits;
            if (hit.Would > 0) message.Would[hit.Rule] = (ulong)hit.Would;
        }
        return message;
    }
}
