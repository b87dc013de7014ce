namespace Merlon.Policy.Text;

/// <summary>One manifest file as read by the caller. <paramref name="Path"/> is only for messages.</summary>
/// <param name="FirstLine">Line of the file that <paramref name="Text"/> starts at: a document kept by itself is still told by its place.</param>
public sealed record ManifestText(string Path, string Text, int FirstLine = 1);
