using Merlon.Policy.Model;

namespace Merlon.Agent.Sync;

/// <summary>A MAC on a segment.</summary>
internal readonly record struct MacPlace(MacAddress Mac, ushort Segment);
