using System.Text.Json.Serialization;
using Merlon.Agent.Guests;

namespace Merlon.Agent.Sync;

/// <summary>JSON of the files in Var; no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HostBook))]
[JsonSerializable(typeof(HandAttachment[]))]
[JsonSerializable(typeof(GuestFileContent))]
internal sealed partial class BookJson : JsonSerializerContext;
