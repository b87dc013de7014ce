using Merlon.Controller.Agents;

namespace Merlon.Controller.Rules;

/// <summary>Writes down what has ended by itself: a change that nobody confirmed, an isolation. The agents act by themselves at the
/// same instants: this is the record of it, and what new hosts are told. And tells the hosts of schedules' coming weeks.</summary>
internal sealed class PolicyClock(Applier applier, HostRegistry registry, TimeProvider clock, ILogger<PolicyClock> log) : BackgroundService
{
    /// <summary>Who stands in the revision log.</summary>
    private const string Author = "clock";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock);
        do await Look(stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task Look(CancellationToken stop)
    {
        try
        {
            await applier.EndTrial(Author, due: true, stop);
            await applier.EndIsolations(Author, stop);
            await applier.FollowWeek(stop);
            await applier.EndLeases(host => registry.Find(host)?.HasCaughtUp(clock.GetUtcNow()) == true, stop);
            await applier.HearWaiting(stop);
        }
#pragma warning disable CA1031 // whatever it is, the next second tries again; the agents need nobody for it
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            log.CannotEnd(e);
        }
    }
}
