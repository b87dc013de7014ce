using System.Collections.Immutable;

namespace Merlon.Policy.Compile;

/// <summary>The image, or null and every limit that was exceeded (the number, the limit, and who).</summary>
public sealed record CompileResult(HostImage? Image, ImmutableArray<string> Errors);
