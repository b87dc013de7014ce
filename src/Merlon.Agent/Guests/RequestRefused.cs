namespace Merlon.Agent.Guests;

/// <summary>A request of a person that cannot be done; becomes an ApiError.</summary>
internal sealed class RequestRefused(string code, string message, string mend) : Exception(message)
{
    public string Code { get; } = code;
    public string Mend { get; } = mend;
}
