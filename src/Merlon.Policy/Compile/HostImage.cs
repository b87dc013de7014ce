using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>A HostPolicy compiled to the words of datapath/abi.h ("the image"). Pure: same input, same words.</summary>
/// <param name="Words">The image without the agent's bind and rule id sections (IMAGE_W_BIND, IMAGE_W_RULE_IDS are 0).</param>
/// <param name="Nics">One per nic record, in record order.</param>
/// <param name="Rules">Image rule number to name; cells refer to it.</param>
public sealed record HostImage(
    ImageWords Words, ImmutableArray<ImageNic> Nics, ImmutableArray<RuleRef> Rules, ImageStats Stats)
{
    /// <summary>SHA-256 over the words, lower-case hex.</summary>
    public string Digest => Words.Digest;

    /// <summary>Names of the realms by number: what a port record's realm counts. Sorted; the realms of this host's guarded vNICs.</summary>
    public required ImmutableArray<string> Realms { get; init; }
}

/// <summary>What the agent needs to bind a nic record to a port.</summary>
/// <param name="RulesetDigest">SHA-256 (hex) over everything that judges this vNIC, in names and addresses: independent of class
/// numbers, so equal digests mean no connection needs judging again.</param>
/// <param name="Problem">Why everything is denied to this vNIC alone; null = it is judged by its rules.</param>
public sealed record ImageNic(NicKey Key, string RulesetDigest, string? Problem = null);

/// <summary>Sizes that limits are stated in.</summary>
/// <param name="CellsOfRuleset">Of the largest ruleset, before equal columns are merged.</param>
public sealed record ImageStats(
    int RemoteClasses, int ServiceClasses, int Rulesets, int Cells, long CellsOfRuleset, int V6Lengths, int Realms, int Combos, int Chunks, int Rules, int Words);
