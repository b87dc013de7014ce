namespace Merlon.Kernel.Tests.ShortCut;

/// <summary>What became of a packet.</summary>
public enum Went { Nowhere, ByBridge, Straight }
