namespace Merlon.Contracts.Pki;

/// <summary>The folder of certificates cannot be used; the message is one line for a person.</summary>
public sealed class PkiException : Exception
{
    public PkiException() { }

    public PkiException(string message) : base(message) { }

    public PkiException(string message, Exception inner) : base(message, inner) { }
}
