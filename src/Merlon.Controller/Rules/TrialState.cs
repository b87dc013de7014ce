namespace Merlon.Controller.Rules;

/// <summary>A change on trial, as stored.</summary>
/// <param name="ConfirmBy">A whole second: when it ends unless it is confirmed.</param>
/// <param name="Before">Revision of every tenant before it.</param>
public sealed record TrialState(DateTimeOffset ConfirmBy, string By, IReadOnlyDictionary<string, long> Before);
