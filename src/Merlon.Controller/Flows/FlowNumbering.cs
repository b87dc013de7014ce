namespace Merlon.Controller.Flows;

/// <summary>How far one agent's numbering is stored.</summary>
/// <param name="Known">False before its first batch: numbering may then start anywhere.</param>
internal readonly record struct FlowNumbering(bool Known, ulong Through, ulong LostKernel, ulong LostAgent, ulong Missing, ulong Refused);
