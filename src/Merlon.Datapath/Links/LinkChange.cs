namespace Merlon.Datapath.Links;

/// <summary>One message of the kernel about an interface.</summary>
/// <param name="Link">The interface as it is now (or was last).</param>
/// <param name="Removed">It no longer exists.</param>
/// <param name="Missed">True: changes came faster than they were read and some are lost; list all links again. <see cref="Link"/> is null.</param>
public sealed record LinkChange(Link? Link, bool Removed, bool Missed);
