using Merlon.Contracts.Wire;
using Merlon.Datapath.Maps;
using Merlon.Policy.Model;

namespace Merlon.Agent.Learning;

/// <summary>Claims on their way to the controller, kept until it has answered. Bounded for each vNIC and in all: what does not fit is
/// counted, and costs nobody else anything. Any thread.</summary>
internal sealed class ClaimBook(TimeProvider clock)
{
    public const int MostOfNic = 16, Most = 8192;

    /// <summary>An address that a VM speaks for, or is given, again and again is told so often at most.</summary>
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<NicKey, Dictionary<Address, Kept>> _nics = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private ulong _last;
    private ulong _answered;
    private long _held;

    /// <summary>Claims that found no room.</summary>
    public long Held => Volatile.Read(ref _held);

    /// <summary>Highest number that the controller has answered for.</summary>
    public ulong Answered { get { lock (_lock) return _answered; } }

    /// <summary>Ends at the next claim or answer after this was read.</summary>
    public Task Changed { get { lock (_lock) return _changed.Task; } }

    public void Add(in HeardClaim claim)
    {
        lock (_lock)
        {
            if (!_nics.TryGetValue(claim.Nic, out var mine)) _nics[claim.Nic] = mine = [];
            if (mine.TryGetValue(claim.Address, out var kept) && !IsOld(kept) && !SaysMore(claim, kept)) return;
            if (!mine.ContainsKey(claim.Address) && !HasRoom(claim.Nic, mine)) return;
            if (!mine.ContainsKey(claim.Address)) _count++;
            mine[claim.Address] = new(claim, ++_last, 0);
            Tell();
        }
    }

    /// <summary>The oldest that are not answered; null = none.</summary>
    public AddressClaims? Batch()
    {
        lock (_lock)
        {
            var waiting = _nics.Values.SelectMany(n => n.Values).Where(k => k.Number > 0).OrderBy(k => k.Number).Take(Limits.Claims).ToList();
            if (waiting.Count == 0) return null;
            var now = BootClock.NowNs;
            return new() { Number = waiting[^1].Number, Claims = { waiting.Select(k => Message(k.Claim, now)) } };
        }
    }

    /// <summary>The controller has settled every claim up to this number.</summary>
    public void Answer(ulong number)
    {
        lock (_lock)
        {
            _answered = Math.Max(_answered, Math.Min(number, _last));
            var now = clock.GetTimestamp();
            foreach (var mine in _nics.Values)
                foreach (var (address, kept) in mine)
                    if (kept.Number > 0 && kept.Number <= number) mine[address] = kept with { Number = 0, At = now };
            Tell();
        }
    }

    // A lease does that where nobody was told of one yet, or of a shorter or an older one; a word of the VM's own says no more than the one before it.
    private static bool SaysMore(in HeardClaim claim, in Kept kept) => claim.By == LearnBy.Dhcp
        && (kept.Number > 0 || kept.Claim.By != LearnBy.Dhcp || claim.LeaseSeconds > kept.Claim.LeaseSeconds);

    private bool HasRoom(NicKey nic, Dictionary<Address, Kept> mine)
    {
        if (mine.Count >= MostOfNic) Forget(mine);
        if (_count >= Most)
            foreach (var (key, other) in _nics)
            {
                Forget(other);
                if (other.Count == 0 && key != nic) _nics.Remove(key);
            }
        if (mine.Count < MostOfNic && _count < Most) return true;
        Volatile.Write(ref _held, _held + 1);
        return false;
    }

    private void Forget(Dictionary<Address, Kept> mine)
    {
        foreach (var (address, kept) in mine)
            if (IsOld(kept) && mine.Remove(address)) _count--;
    }

    private bool IsOld(in Kept kept) => kept.Number == 0 && clock.GetElapsedTime(kept.At) >= s_quiet;

    private void Tell()
    {
        _changed.SetResult();
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private static LearnedAddress Message(in HeardClaim claim, ulong now)
    {
        Span<byte> mapped = stackalloc byte[16];
        claim.Address.WriteMapped(mapped);
        return new()
        {
            VmUuid = claim.Nic.VmUuid,
            NicIndex = (uint)claim.Nic.Index,
            Address = Google.Protobuf.ByteString.CopyFrom(claim.Address.Family == AddressFamily.IPv4 ? mapped[12..] : mapped),
            By = (int)claim.By,
            LeaseSeconds = claim.LeaseSeconds,
            AgeMs = (now - Math.Min(now, claim.TimeNs)) / 1_000_000,
        };
    }

    /// <param name="Number">0 = answered, at <paramref name="At"/>.</param>
    private readonly record struct Kept(HeardClaim Claim, ulong Number, long At);
}
