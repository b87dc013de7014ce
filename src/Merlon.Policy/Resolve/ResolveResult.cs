using System.Collections.Immutable;
using Merlon.Policy.Inventory;
using Merlon.Policy.Text;

namespace Merlon.Policy.Resolve;

/// <summary>One host's policy, the address claims refused anywhere, and warnings (a rule that names an unknown VM).</summary>
public sealed record ResolveResult(HostPolicy Policy, ImmutableArray<AddressClaim> Claims, ImmutableArray<Diagnostic> Diagnostics);
