namespace Merlon.Agent.Sync;

/// <summary>Where each <see cref="NumberPool"/> goes on.</summary>
internal sealed record BookCursors(uint Slot, uint Segment, uint Budget, uint Rule);
