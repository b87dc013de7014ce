using Merlon.Agent.Guests;

namespace Merlon.Agent.Gate;

/// <summary>VMs that start before libvirt has told of them as they are: the controller is told, and the gate waits until what follows from
/// that is in force. On the mailbox's thread.</summary>
internal sealed class Newcomers
{
    private readonly Dictionary<string, (Guest Guest, long At)> _met = [];
    private readonly List<(ulong Number, TaskCompletionSource Known)> _waiting = [];
    private (ulong Number, ulong Sequence) _taken;

    /// <summary>Number of the newest inventory that was told.</summary>
    public ulong Told { get; private set; }

    public ulong NextNumber() => ++Told;

    /// <summary>A VM that a hook has shown is in no list of libvirt's yet that was asked for later.</summary>
    public bool Unconfirmed => _met.Count > 0;

    /// <summary>A hook has shown this VM.</summary>
    /// <param name="came">When, by <see cref="Environment.TickCount64"/>.</param>
    public void Meet(Guest guest, long came) => _met[guest.Uuid] = (guest, came);

    /// <summary>It does not start after all.</summary>
    public void Refuse(string vmUuid) => _met.Remove(vmUuid);

    /// <summary>A list of libvirt's that was asked for at <paramref name="asked"/>: it cannot know better what came later.</summary>
    public IReadOnlyList<Guest> Corrected(IReadOnlyList<Guest> listed, long asked)
    {
        foreach (var old in _met.Where(m => m.Value.At < asked).Select(m => m.Key).ToList()) _met.Remove(old);
        return [.. listed.Where(g => !_met.ContainsKey(g.Uuid)), .. _met.Values.Select(m => m.Guest)];
    }

    /// <summary>Ends when everything told so far is in force here.</summary>
    public Task InForce()
    {
        var known = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add((Told, known));
        return known.Task;
    }

    /// <summary>The controller has resolved the newest inventory, and what follows is in force.</summary>
    /// <param name="inForce">Sequence of its policy in force; one that was refused says nothing.</param>
    public bool AllTaken(ulong inForce) => Told > 0 && _taken.Number == Told && inForce >= _taken.Sequence;

    public void Taken(ulong number, ulong sequence, ulong newest)
    {
        _taken = (number, sequence);
        Settle(newest);
    }

    /// <param name="newest">Newest policy received, in force or refused.</param>
    public void Settle(ulong newest)
    {
        if (newest < _taken.Sequence) return;
        foreach (var (_, known) in _waiting.Where(w => w.Number <= _taken.Number)) known.TrySetResult();
        _waiting.RemoveAll(w => w.Known.Task.IsCompleted);
    }

    /// <summary>Nobody will answer: who waits goes on with what there is.</summary>
    public void GiveUp()
    {
        foreach (var (_, known) in _waiting) known.TrySetResult();
        _waiting.Clear();
    }
}
