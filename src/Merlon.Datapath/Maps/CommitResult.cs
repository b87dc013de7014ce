namespace Merlon.Datapath.Maps;

/// <summary>A committed image.</summary>
/// <param name="Generation">What control.generation now says.</param>
/// <param name="Elapsed">From the call to the end of the grace period after the flip.</param>
public readonly record struct CommitResult(uint Generation, TimeSpan Elapsed);
