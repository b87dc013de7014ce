namespace Merlon.Datapath.Abi;

/// <summary>Flags of an event: <c>EVENT_F_*</c>.</summary>
[Flags]
public enum EventFlags : byte { None = 0, In = 1, WouldDeny = 2, WouldAllow = 4, Summary = 8 }
