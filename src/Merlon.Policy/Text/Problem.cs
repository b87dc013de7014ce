namespace Merlon.Policy.Text;

/// <summary>Why a piece of text was refused: a stable code and a sentence.</summary>
public sealed record Problem(string Code, string Message, string? Hint = null);
