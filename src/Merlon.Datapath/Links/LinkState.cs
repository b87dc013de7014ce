namespace Merlon.Datapath.Links;

/// <summary>IF_OPER_* of RFC 2863 as Linux numbers them.</summary>
public enum LinkState : byte { Unknown = 0, NotPresent = 1, Down = 2, LowerLayerDown = 3, Testing = 4, Dormant = 5, Up = 6 }
