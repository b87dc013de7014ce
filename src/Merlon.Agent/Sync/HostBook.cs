using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Agent.Sync;

/// <summary>Everything local to this host that must outlive the agent: which number stands for what. Written to disk
/// before the kernel depends on it (docs/agent.md), so a number that the kernel holds is always in some book.</summary>
/// <param name="NextVnic">Never goes back: a vnic number is never reused.</param>
/// <param name="NextEpoch">Never goes back: an epoch is never reused on this host.</param>
/// <param name="Rules">RuleRef text to host rule id; names stay until no entry can hold the id.</param>
/// <param name="Owners">First claims on addresses, by realm and address.</param>
/// <param name="Retired">vNICs no longer in the policy that entries or late events may still name.</param>
/// <param name="Known">vNICs that were guarded once and left, the newest last: none of them is guarded for the first time again.</param>
/// <param name="PolicyFile">Last-known-good beside the book; null = none yet.</param>
/// <param name="Image">What the kernel holds once this book is in force: written before it is put there; null = not known.</param>
internal sealed record HostBook(
    int Version, uint NextVnic, uint NextEpoch, BookCursors Cursors,
    ImmutableArray<BookNic> Nics, ImmutableDictionary<string, ushort> Segments, ImmutableDictionary<string, ushort> Budgets,
    ImmutableDictionary<string, uint> Rules, ImmutableDictionary<string, BookOwner> Owners,
    ImmutableArray<RetiredNic> Retired, string? PolicyFile, ulong Sequence, ImageStamp? Image = null, ImmutableArray<NicKey> Known = default)
{
    private const int MostKnown = AbiLimits.MaxSlots;

    // A book of an earlier version has none.
    public ImmutableArray<NicKey> Known { get; init => field = value.IsDefault ? [] : value; } = Known.IsDefault ? [] : Known;

    public const int CurrentVersion = 1;

    public static HostBook Empty { get; } = new(CurrentVersion, 1, 1, new(0, 1, 1, 16), [],
        ImmutableDictionary<string, ushort>.Empty, ImmutableDictionary<string, ushort>.Empty,
        ImmutableDictionary<string, uint>.Empty, ImmutableDictionary<string, BookOwner>.Empty, [], null, 0);

    /// <summary>When connections that went on must be cut, Unix seconds; null = none.</summary>
    [JsonIgnore]
    public long? NextCut => Nics.Min(n => n.CutAt);

    /// <summary>A vNIC of this key is or was guarded here.</summary>
    public bool Knows(NicKey key) => Known.Contains(key)
        || Nics.Any(n => n.VmUuid == key.VmUuid && n.Index == key.Index) || Retired.Any(n => n.VmUuid == key.VmUuid && n.Index == key.Index);

    /// <summary><see cref="Known"/> after some left.</summary>
    public ImmutableArray<NicKey> KnownWith(IEnumerable<NicKey> left) => [.. Known.Concat(left).Reverse().Distinct().Take(MostKnown).Reverse()];

    /// <summary>Nothing was ever guarded here, or wanted to be.</summary>
    [JsonIgnore]
    public bool IsFresh => this is { PolicyFile: null, NextVnic: 1 };

    /// <summary>This book with counters that never fall behind <paramref name="later"/>: what remains of a change that failed.</summary>
    public HostBook WithCountersOf(HostBook later) => this with
    {
        NextVnic = later.NextVnic,
        NextEpoch = later.NextEpoch,
        Cursors = later.Cursors,
    };
}
