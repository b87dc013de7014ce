using System.Collections.Immutable;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>Rules against real traffic.</summary>
/// <param name="Looked">Allow rules that were looked at.</param>
/// <param name="LeftOut">Those of whose traffic the flow log does not have all: a Guard logs less.</param>
public sealed record ObservedResult(ImmutableArray<Diagnostic> Warnings, int Looked, int LeftOut);
