namespace Merlon.Datapath.Abi;

/// <summary>What an event reports: <c>merlon_event_type</c>. Stored: only grows; 5 is taken, though it was never sent.</summary>
public enum EventType : byte { Open = 1, Close = 2, Deny = 3, Spoof = 4 }
