namespace Merlon.Controller.Store;

/// <summary>Somebody else wrote the key first; nothing of the batch was written.</summary>
public sealed class StateConflictException : Exception
{
    public StateConflictException() { }

    public StateConflictException(string message) : base(message) { }

    public StateConflictException(string message, Exception inner) : base(message, inner) { }
}
