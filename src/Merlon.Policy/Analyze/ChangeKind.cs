namespace Merlon.Policy.Analyze;

/// <summary>What becomes of a piece of traffic: refused before and passing now, the reverse, or another answer of the same kind
/// (deny to reject, allow to would-deny, with a connection to without one).</summary>
public enum ChangeKind { Opened, Closed, Changed }
