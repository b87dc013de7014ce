using System.Collections.Immutable;

namespace Merlon.Policy.Analyze;

/// <summary>Something that a Guard asks of frames before any rule does, and afterwards asks less strictly, or not.</summary>
/// <param name="Check"><c>antiSpoof.NAME</c>, or <c>etherTypes</c>: frames that pass unread.</param>
/// <param name="Before">enforce, observe; of etherTypes the list.</param>
/// <param name="Vms">Names of the VMs of which it is so, in order.</param>
public sealed record LooserCheck(string Check, string Before, string After, ImmutableArray<string> Vms);
