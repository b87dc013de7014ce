namespace Merlon.Datapath;

/// <summary>One thing Merlon needs of a host.</summary>
/// <param name="Name">Stable; also the code of the exception when it is missing.</param>
/// <param name="Found">What is there instead.</param>
/// <param name="Mend">What to do; empty when nothing needs mending.</param>
public sealed record ProbeCheck(string Name, bool Ok, string Found, string Mend);
