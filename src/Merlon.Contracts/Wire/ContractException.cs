namespace Merlon.Contracts.Wire;

/// <summary>A peer's message breaks the contract; the message names the field. Nothing of it may be used.</summary>
public sealed class ContractException : Exception
{
    public ContractException() { }

    public ContractException(string message) : base(message) { }

    public ContractException(string message, Exception inner) : base(message, inner) { }
}
