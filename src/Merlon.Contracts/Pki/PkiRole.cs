namespace Merlon.Contracts.Pki;

/// <summary>Whom a certificate of the host's CA speaks for.</summary>
public enum PkiRole { Agent, Controller }
