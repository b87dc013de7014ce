using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>What stands above a spec.</summary>
internal sealed record DocumentHead(string Tenant, string Name, ImmutableSortedDictionary<string, string> Annotations, Position At);
