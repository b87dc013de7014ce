using System.Collections.Immutable;
using Merlon.Contracts.Api;
using Merlon.Policy.Analyze;

namespace Merlon.Controller.Rules;

/// <summary>An apply that was not committed.</summary>
/// <param name="Now">What it starts from.</param>
/// <param name="Change">Null = the documents are none.</param>
/// <param name="Next">What would be in force; null = there are errors.</param>
/// <param name="Plans">What every host would get.</param>
internal sealed record PolicyPreview(PolicyState Now, PolicyChange? Change, Revision? Next, ImmutableDictionary<string, HostPlan> Plans, IReadOnlyList<DiagnosticRecord> Diagnostics);
