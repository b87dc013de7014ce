using System.Text.Json;
using System.Text.Json.Serialization;
using Merlon.Controller.Inventory;

namespace Merlon.Controller.Rules;

/// <summary>JSON of stored values; no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DocumentState))]
[JsonSerializable(typeof(RevisionState))]
[JsonSerializable(typeof(TrialState))]
[JsonSerializable(typeof(StoredPin[]))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(ulong))]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
internal sealed partial class StateJson : JsonSerializerContext;
