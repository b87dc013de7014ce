using Merlon.Contracts.Api;

namespace Merlon.Controller.Rules;

/// <summary>One record of the stream <c>revisions</c>: what one commit made of one tenant.</summary>
/// <param name="Texts">Changed documents by reference; null = removed. All of them together give every past state.</param>
public sealed record RevisionState(RevisionRecord Record, IReadOnlyDictionary<string, string?> Texts);
