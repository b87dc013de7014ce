using System.CommandLine;
using System.Text.Json;
using Merlon.Cli.Clients;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>Arguments whose values the API knows; completion asks it, briefly, and stays silent when it is away.</summary>
/// <param name="asking">Null unless the shell asks: help and error messages look for completions too and must not wait for a network.</param>
internal sealed class Names(CallConfiguration? asking)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public void CompleteVms(Argument argument) => Complete(argument, Vms);

    public void CompleteVms(Option option) => option.CompletionSources.Add(c => Ask(c.ParseResult, Vms));

    public void CompleteGroups(Argument argument) => Complete(argument, Groups);

    public void CompletePolicies(Argument argument) => Complete(argument, Policies);

    public void CompleteDocuments(Argument argument) => Complete(argument, Documents);

    private static async Task<IEnumerable<string>> Vms(JsonHttp api, CancellationToken cancel) =>
        (await api.Get("/v1/vms", ApiJson.Default.IReadOnlyListVmRecord, cancel)).Select(v => v.Name);

    private static async Task<IEnumerable<string>> Groups(JsonHttp api, CancellationToken cancel) =>
        (await api.Get("/v1/groups", ApiJson.Default.IReadOnlyListGroupRecord, cancel)).Select(g => g.Name);

    private static async Task<IEnumerable<string>> Policies(JsonHttp api, CancellationToken cancel) =>
        (await api.Get("/v1/policies", ApiJson.Default.IReadOnlyListPolicyRecord, cancel)).Select(p => p.Name);

    private static async Task<IEnumerable<string>> Documents(JsonHttp api, CancellationToken cancel) =>
        (await api.Get("/v1/documents", ApiJson.Default.IReadOnlyListDocumentRecord, cancel)).Select(d => d.Ref);

    private void Complete(Argument argument, Func<JsonHttp, CancellationToken, Task<IEnumerable<string>>> question)
    {
        argument.HelpName ??= argument.Name;
        argument.CompletionSources.Add(c => Ask(c.ParseResult, question));
    }

    private IEnumerable<string> Ask(ParseResult parsed, Func<JsonHttp, CancellationToken, Task<IEnumerable<string>>> question)
    {
        if (asking is null) return [];
        try
        {
            using var api = Controller.Connect(new Call(parsed, asking), Patience);
            return question(api, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is CliException or IOException or JsonException)
        {
            return [];
        }
    }
}
