namespace Merlon.Policy.Model;

/// <summary>All documents of an installation, valid as a whole and immutable: every reference leads somewhere, no cycles,
/// no duplicate names, every tenant within its rights. The order of the input is no part of it.</summary>
public sealed class PolicySet
{
    private PolicySet() { }

    public static PolicySetResult Build(IEnumerable<StoredDocument> documents, WithoutGuards withoutGuards = WithoutGuards.GuardAll) =>
        throw new NotImplementedException();
}
