namespace Merlon.Policy.Model;

/// <summary>Tiers in the order they are judged. Stored: only grows.</summary>
public enum Tier { Emergency = 0, Platform = 1, Tenant = 2, Baseline = 3 }

/// <summary>What a rule does. Stored: only grows.</summary>
public enum RuleAction { Allow = 1, Deny = 2, Reject = 3, Pass = 4 }

/// <summary>Judged and counted only, or enforced. Stored: only grows.</summary>
public enum Enforcement { Enforce = 0, Observe = 1 }

/// <summary>Which way a packet crosses a vNIC, seen from the VM.</summary>
public enum Direction { Out = 0, In = 1 }

/// <summary>What happens when no policy can be bound to a vNIC.</summary>
public enum OnFailure { Closed = 0, Open = 1 }

/// <summary>State of one antiSpoof check. Values equal SPOOF_* of datapath/abi.h.</summary>
public enum SpoofCheck { Off = 0, Observe = 1, Enforce = 2 }

/// <summary>Which connections of a vNIC make open and close events.</summary>
public enum LogLevel { Denies = 0, Rules = 1, All = 2 }

/// <summary>The outcome for one packet or question. Values equal merlon_verdict of datapath/abi.h.</summary>
public enum Verdict { None = 0, Allow = 1, Deny = 2, Reject = 3, WouldDeny = 4, WouldAllow = 5 }
