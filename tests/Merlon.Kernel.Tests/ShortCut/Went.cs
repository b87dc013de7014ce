namespace Merlon.Kernel.Tests.ShortCut;

/// <summary>What became of a packet. Judged: from_vm has judged it for both hooks, and the bridge carries it.</summary>
public enum Went { Nowhere, ByBridge, Judged, Straight }
