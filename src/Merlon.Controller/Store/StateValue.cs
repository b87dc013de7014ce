namespace Merlon.Controller.Store;

/// <summary>One stored value. <paramref name="Revision"/> grows with every write to the store.</summary>
public sealed record StateValue(string Key, ReadOnlyMemory<byte> Value, long Revision);
