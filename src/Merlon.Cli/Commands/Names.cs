using System.CommandLine;
using System.Text.Json;
using Merlon.Cli.Clients;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>Arguments whose values the API knows; completion asks it, briefly, and stays silent when it is away.</summary>
internal static class Names
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static void CompleteVms(Argument argument) => argument.CompletionSources.Add(c => Ask(c.ParseResult, Vms));

    public static void CompleteVms(Option option) => option.CompletionSources.Add(c => Ask(c.ParseResult, Vms));

    public static void CompleteGroups(Argument argument) => argument.CompletionSources.Add(c => Ask(c.ParseResult, Groups));

    public static void CompletePolicies(Argument argument) => argument.CompletionSources.Add(c => Ask(c.ParseResult, Policies));

    public static void CompleteDocuments(Argument argument) => argument.CompletionSources.Add(c => Ask(c.ParseResult, Documents));

    public static async Task<IEnumerable<string>> Vms(JsonHttp api, CancellationToken cancel) =>
        (await api.Get("/v1/vms", ApiJson.Default.IReadOnlyListVmRecord, cancel)).Select(v => v.Name);

    public static async Task<IEnumerable<string>> Groups(JsonHttp api, CancellationToken cancel) =>
        (await api.Get("/v1/groups", ApiJson.Default.IReadOnlyListGroupRecord, cancel)).Select(g => g.Name);

    public static async Task<IEnumerable<string>> Policies(JsonHttp api, CancellationToken cancel) =>
        (await api.Get("/v1/policies", ApiJson.Default.IReadOnlyListPolicyRecord, cancel)).Select(p => p.Name);

    public static async Task<IEnumerable<string>> Documents(JsonHttp api, CancellationToken cancel) =>
        (await api.Get("/v1/documents", ApiJson.Default.IReadOnlyListDocumentRecord, cancel)).Select(d => d.Ref);

    private static IEnumerable<string> Ask(ParseResult parsed, Func<JsonHttp, CancellationToken, Task<IEnumerable<string>>> question)
    {
        try
        {
            using var api = Controller.Connect(new Call(parsed), Patience);
            return question(api, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is CliException or IOException or JsonException)
        {
            return [];
        }
    }
}
