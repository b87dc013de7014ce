using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>One manifest document. Its canonical text: <see cref="Text.ManifestPrinter"/>.</summary>
public abstract record Document(string Tenant, string Name, ImmutableSortedDictionary<string, string> Annotations, Position Position)
{
    /// <summary>Reserved tenant of the operator.</summary>
    public const string Platform = "platform";

    public abstract string Kind { get; }

    /// <summary>KIND/TENANT/NAME in lower case: the key of a stored document.</summary>
    public string Ref => $"{Kind.ToLowerInvariant()}/{Tenant}/{Name}";

    /// <summary>Of a <see cref="Ref"/>.</summary>
    public static string TenantOf(string reference) => reference.Split('/')[1];
}
