namespace Merlon.Controller.Rules;

/// <summary>Ends a change that nobody confirmed in time. The agents do it by themselves at the same instant: this is the record of it,
/// and what new hosts are told.</summary>
internal sealed class TrialClock(Applier applier, TimeProvider clock, ILogger<TrialClock> log) : BackgroundService
{
    /// <summary>Who stands in the revision log.</summary>
    public const string Author = "clock";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock);
        do await EndTrial(stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task EndTrial(CancellationToken stop)
    {
        try
        {
            await applier.EndTrial(Author, due: true, stop);
        }
#pragma warning disable CA1031 // whatever it is, the next second tries again; the agents need nobody for it
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            log.CannotEndTrial(e);
        }
    }
}
