using Merlon.Contracts.Api;

namespace Merlon.Agent.Status;

/// <summary>What an operator must act on now. An alarm that is over stays on the board a little, so that a fault that the
/// agent mends within a second is still seen.</summary>
internal sealed class AlarmBoard(TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);
    private readonly Dictionary<(string Code, string Subject), Entry> _entries = [];
    private bool _raised;

    /// <param name="byGuest">As <see cref="Alarm.ByGuest"/>: while it is on the board, what it says now is news once (the first word may have come before
    /// the peer was known), else a guest would make the agent tell its whole status each second.</param>
    public void Raise(string code, string subject, string message, string? mend = null, bool byGuest = false)
    {
        var before = _entries.GetValueOrDefault((code, subject));
        var reworded = before is not null && before.Alarm.Message != message;
        if (before is null || (byGuest ? reworded && !before.Reworded : reworded || before.Over is not null)) _raised = true;
        if (before is null) Log.AlarmRaised(log, code, message);
        _entries[(code, subject)] = new(new(code, message, mend, before?.Alarm.Since ?? time.GetUtcNow(), byGuest), null, reworded || before is { Reworded: true });
    }

    public void Over(string code, string subject)
    {
        if (_entries.TryGetValue((code, subject), out var entry) && entry.Over is null)
            _entries[(code, subject)] = entry with { Over = time.GetUtcNow() };
    }

    /// <summary>Raises one alarm for each subject given and ends those of every other subject of this code.</summary>
    public void Only(string code, IReadOnlyDictionary<string, string> messages, string? mend)
    {
        Keep(code, messages.Keys.ToHashSet());
        foreach (var (subject, message) in messages) Raise(code, subject, message, mend);
    }

    /// <summary>Ends the alarms of this code for every other subject.</summary>
    public void Keep(string code, IReadOnlySet<string> subjects)
    {
        foreach (var subject in _entries.Keys.Where(k => k.Code == code && !subjects.Contains(k.Subject)).Select(k => k.Subject).ToList())
            Over(code, subject);
    }

    /// <summary>True once after any alarm came up, came back or says something else: it is news.</summary>
    public bool TakeRaised()
    {
        var raised = _raised;
        _raised = false;
        return raised;
    }

    public IReadOnlyList<Alarm> List()
    {
        var now = time.GetUtcNow();
        foreach (var (key, entry) in _entries.Where(e => e.Value.Over + Linger <= now).ToList())
        {
            _entries.Remove(key);
            Log.AlarmOver(log, key.Code, entry.Alarm.Message);
        }
        return [.. _entries.Values.Select(e => e.Alarm).OrderBy(a => a.Since).ThenBy(a => a.Code, StringComparer.Ordinal)];
    }

    /// <param name="Reworded">It has said something else since it came up.</param>
    private sealed record Entry(Alarm Alarm, DateTimeOffset? Over, bool Reworded);
}
