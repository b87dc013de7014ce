using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>Which vNICs are guarded, and how. Exactly one binds a vNIC: lowest priority, then name, first match, taken whole.</summary>
/// <param name="Exclude">action: exclude, the vNICs it binds are not guarded.</param>
/// <param name="Select">Any of them; <c>any</c> = every vNIC.</param>
/// <param name="CarryConnections">Live connections travel inside the VM when it moves.</param>
/// <param name="ShortCut">Established connections with another guarded VM of the same bridge may skip the bridge.</param>
/// <param name="TrustMetadata">Tenant and labels of the VM's own metadata count.</param>
public sealed record GuardDocument(
    string Tenant, string Name, ImmutableSortedDictionary<string, string> Annotations, Position Position,
    int Priority, bool Exclude, ImmutableArray<Reference> Select, bool Out, bool In, Enforcement Mode, OnFailure OnFailure,
    LogLevel Log, AntiSpoof AntiSpoof, int MaxConnections, int MaxHalfOpen, Rates Rates, OtherFrames Frames, bool TrustMetadata, bool ShortCut = true, bool CarryConnections = false) : Document(Tenant, Name, Annotations, Position)
{
    public override string Kind => "Guard";

    /// <summary>What passes without a connection.</summary>
    public UntrackedServices Untracked { get; init; } = UntrackedServices.None;

    /// <summary>Addresses that nobody declared.</summary>
    public Learning Learn { get; init; } = Learning.None;

    /// <summary>Seconds in which connections that ran before its vNICs were first guarded are taken in; 0 = they are not.</summary>
    public int Adopt { get; init; }

    /// <summary>The longest <see cref="Adopt"/>.</summary>
    public const int LongestAdopt = 600;
}
