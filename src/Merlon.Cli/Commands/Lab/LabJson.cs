using System.Text.Json.Serialization;

namespace Merlon.Cli.Commands.Lab;

/// <summary>JSON of the lab's answers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ConnectivityMatrix))]
[JsonSerializable(typeof(ComparedMatrix))]
[JsonSerializable(typeof(LabMove))]
[JsonSerializable(typeof(LabStatus))]
internal sealed partial class LabJson : JsonSerializerContext;
