using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>Live connections that a change forbids are not cut at once.</summary>
/// <param name="Seconds">After which they are cut; null = they go on to their own end.</param>
internal sealed record ConnectionTerms(int? Seconds)
{
    /// <summary>No terms: they are cut. A fault: the request contradicts itself.</summary>
    public static (ConnectionTerms? Terms, string? Fault) Of(ApplyRequest request) => (request.Connections ?? ApplyRequest.Cut, request.DrainFor) switch
    {
        (ApplyRequest.Cut, null) => (null, null),
        (ApplyRequest.Keep, null) => (new(Seconds: null), null),
        (ApplyRequest.Drain, >= 1 and <= ApplyRequest.MostDrainFor and var seconds) => (new(seconds), null),
        (ApplyRequest.Cut or ApplyRequest.Keep, _) => (null, "drainFor goes with drain, and only with it"),
        (ApplyRequest.Drain, _) => (null, $"drainFor is not between 1 and {ApplyRequest.MostDrainFor} seconds"),
        _ => (null, $"connections is '{request.Connections}', not cut, drain or keep"),
    };

    /// <param name="at">When it is committed, Unix seconds.</param>
    public ConnectionStepMessage Step(long at, IEnumerable<string> tenants) => new() { Until = at + Seconds ?? 0, Tenants = { tenants } };

    /// <summary>For the revision log.</summary>
    public string Note(long at) => "live connections that it forbids " + (Seconds is { } span ? $"may go on until {TimeText.Format(at + span)}" : "go on to their own end");
}
