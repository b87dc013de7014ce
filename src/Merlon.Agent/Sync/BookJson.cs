using System.Text.Json.Serialization;

namespace Merlon.Agent.Sync;

/// <summary>JSON of the files in Var; no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HostBook))]
[JsonSerializable(typeof(HandAttachment[]))]
internal sealed partial class BookJson : JsonSerializerContext;
