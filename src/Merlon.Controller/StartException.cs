namespace Merlon.Controller;

/// <summary>The controller cannot run here; the message is the one line that a person sees before exit 1.</summary>
public sealed class StartException : Exception
{
    public StartException() { }

    public StartException(string message) : base(message) { }

    public StartException(string message, Exception inner) : base(message, inner) { }
}
