using System.Collections.Immutable;
using Merlon.Agent.Sync;

namespace Merlon.Agent.Guests;

/// <summary>Content of guests.json.</summary>
internal sealed record GuestFileContent(Guest[] Guests, ImmutableDictionary<string, BookOwner> Owners);
