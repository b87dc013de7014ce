namespace Merlon.Policy.Text;

/// <summary>An error refuses the whole; a warning does not.</summary>
public enum Severity { Error, Warning }
