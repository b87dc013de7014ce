using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon rollback: back to what was.</summary>
internal static class RollbackCommand
{
    public static Command Create()
    {
        var revision = new Argument<string?>("TENANT@REVISION") { Description = "Which state of that tenant's documents; without it the change on trial ends at once", Arity = ArgumentArity.ZeroOrOne };
        var unprotect = Unprotect.Option();
        var wait = Waiting.Wait();
        var timeout = Waiting.Timeout();
        var verb = new Verb("rollback", "Go back to an older revision, as a new one. Exit 3: there is no such revision, or nothing on trial", "merlon rollback", "merlon rollback shop@4 --wait")
        {
            revision, unprotect, wait, timeout,
        };
        return verb.Runs(async (call, cancel) =>
        {
            var request = call.Get(revision) is not { } text ? new RollbackRequest()
                : RevisionName.Parse(text) is { Number: { } number } name ? new(name.Tenant, number, Unprotect.Named(call, unprotect))
                : throw new CliException($"'{text}' is not TENANT@REVISION", "see 'merlon get revision'");
            using var api = Controller.Connect(call);
            var result = await api.Post("/v1/rollback", request, ApiJson.Default.RollbackRequest, ApiJson.Default.ApplyResult, cancel);
            return await Waiting.Finish(call, api, result, wait, timeout, cancel);
        });
    }
}
