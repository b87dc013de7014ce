namespace Merlon.Datapath.Abi;

/// <summary>Where a connection stands: <c>merlon_state</c>. Stored: only grows.</summary>
public enum ConnState : byte { Dead = 0, New = 1, Replied = 2, Established = 3, Closing = 4, Closed = 5, Reset = 6, Gone = 7, Adopted = 8 }
