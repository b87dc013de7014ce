namespace Merlon.Datapath;

/// <summary>The kernel side refused something. <see cref="Code"/> is stable and kebab-case; <see cref="Mend"/> says what a
/// person can do about it.</summary>
public sealed class DatapathException(string code, string message, string mend) : Exception(message)
{
    public string Code { get; } = code;

    public string Mend { get; } = mend;
}
