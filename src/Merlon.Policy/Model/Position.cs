namespace Merlon.Policy.Model;

/// <summary>Where something was written; line and column from 1.</summary>
public readonly record struct Position(string File, int Line, int Column);
