using Merlon.Contracts.Api;

namespace Merlon.Controller.Flows;

/// <summary>A kept flow and its place in the log; live views go on after <paramref name="Number"/>.</summary>
public sealed record StoredFlow(long Number, FlowRecord Flow);
