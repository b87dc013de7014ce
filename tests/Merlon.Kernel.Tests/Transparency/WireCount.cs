namespace Merlon.Kernel.Tests.Transparency;

/// <summary>What a bad wire did to frames, and what it saw in them.</summary>
internal enum WireCount { Lost, Repeated, Reordered, TooLong, DataOnSyn, SackBlocks, Resets }
