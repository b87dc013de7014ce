namespace Merlon.Datapath.Maps;

/// <summary>A committed image.</summary>
/// <param name="Generation">What control.generation now says.</param>
/// <param name="Took">From the call until the image was in force.</param>
public readonly record struct CommitResult(uint Generation, TimeSpan Took);
