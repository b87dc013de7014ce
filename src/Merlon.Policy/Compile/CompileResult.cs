using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>The image, or null and every limit that was exceeded (the number, the limit, and who).</summary>
/// <param name="Rule">The rule that takes most of what is exceeded; null when no one rule does.</param>
public sealed record CompileResult(HostImage? Image, ImmutableArray<string> Errors, RuleRef? Rule = null);
