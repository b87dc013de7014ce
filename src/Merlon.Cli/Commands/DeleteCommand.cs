using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon delete: removes one document, a host that is gone, or a learned address.</summary>
internal static class DeleteCommand
{
    public static Command Create(Names names)
    {
        var document = new Argument<string>("KIND/[TENANT/]NAME") { Description = "The document; the tenant may be left out where the name is unique. host/NAME is a host that is gone for good, address/ADDRESS one that a VM has learned" };
        var unprotect = Unprotect.Option();
        names.CompleteDocuments(document);
        var verb = new Verb("delete", "Remove one policy document", "merlon delete policy/shop/shop-app", "merlon delete group/web", "merlon delete host/old-host", "merlon delete address/10.8.0.77") { document, unprotect };
        return verb.Runs(async (call, cancel) =>
        {
            using var api = Controller.Connect(call);
            var path = Query.Path(await PathOf(api, call.Get(document), cancel), [.. Unprotect.Named(call, unprotect)?.Select(n => ("unprotect", (string?)n)) ?? []]);
            var result = await api.Delete(path, ApiJson.Default.ApplyResult, cancel);
            return ApplyCommand.Show(call, result);
        });
    }

    private static async Task<string> PathOf(JsonHttp api, string text, CancellationToken cancel)
    {
        if (text.Split('/') is ["host", { Length: > 0 } host]) return $"/v1/hosts/{Uri.EscapeDataString(host)}";
        if (text.Split('/') is ["address", { Length: > 0 } address]) return $"/v1/addresses/{Uri.EscapeDataString(address)}";
        var (kind, tenant, name) = await Locate(api, text, cancel);
        return $"/v1/documents/{Uri.EscapeDataString(kind)}/{Uri.EscapeDataString(tenant)}/{Uri.EscapeDataString(name)}";
    }

    private static async Task<(string Kind, string Tenant, string Name)> Locate(JsonHttp api, string text, CancellationToken cancel)
    {
        var parts = text.Split('/');
        if (parts.Length is < 2 or > 3 || parts.Any(p => p.Length == 0))
            throw new CliException($"'{text}' is not KIND/[TENANT/]NAME", "for example policy/shop/shop-app");
        if (parts.Length == 3) return (parts[0], parts[1], parts[2]);
        var documents = await api.Get("/v1/documents", ApiJson.Default.IReadOnlyListDocumentRecord, cancel);
        DocumentRecord[] found = [.. documents.Where(d => d.Kind.Equals(parts[0], StringComparison.OrdinalIgnoreCase) && d.Name == parts[1])];
        return found.Length switch
        {
            1 => (found[0].Kind, found[0].Tenant, found[0].Name),
            0 => throw new CliException($"no document '{text}'", "see 'merlon get document'", ExitCode.NotFound),
            _ => throw new CliException($"'{text}' is ambiguous: {string.Join(", ", found.Select(d => d.Ref))}", "name the tenant"),
        };
    }
}
