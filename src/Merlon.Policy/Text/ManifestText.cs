namespace Merlon.Policy.Text;

/// <summary>One manifest file as read by the caller. <paramref name="Path"/> is only for messages.</summary>
public sealed record ManifestText(string Path, string Text);
