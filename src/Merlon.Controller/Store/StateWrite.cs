namespace Merlon.Controller.Store;

/// <summary>One key's new value.</summary>
/// <param name="Value">Null = remove the key.</param>
/// <param name="Expected">Revision it must have now; 0 = must not exist; null = whatever.</param>
public sealed record StateWrite(string Key, ReadOnlyMemory<byte>? Value, long? Expected = null);
