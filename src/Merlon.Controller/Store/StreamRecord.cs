namespace Merlon.Controller.Store;

/// <summary>One record of a stream. <paramref name="Number"/> grows within the store; on append it is ignored.</summary>
public sealed record StreamRecord(string Stream, long Number, ReadOnlyMemory<byte> Value);
