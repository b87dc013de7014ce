namespace Merlon.Controller.Rules;

/// <summary>A document as stored under <c>document/KIND/TENANT/NAME</c>.</summary>
/// <param name="File">As the applying client named it: only for messages.</param>
/// <param name="Line">Line of <paramref name="File"/> at which <paramref name="Text"/> starts, from 1.</param>
/// <param name="Text">As written, comments included.</param>
/// <param name="Revision">Of its tenant, when it last changed.</param>
public sealed record DocumentState(string File, int Line, string Text, long Revision);
