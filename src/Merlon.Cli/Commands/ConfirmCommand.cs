using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon confirm: a change on trial stays.</summary>
internal static class ConfirmCommand
{
    public static Command Create()
    {
        var wait = Waiting.Wait("Return when every host has been told");
        var timeout = Waiting.Timeout();
        var verb = new Verb("confirm", "Keep the change that 'merlon apply --confirm-within' made. Exit 3: there is none, 5: it was too late", "merlon confirm", "merlon confirm --wait") { wait, timeout };
        return verb.Runs(async (call, cancel) =>
        {
            using var api = Controller.Connect(call);
            var result = await api.Post("/v1/confirm", ApiJson.Default.ApplyResult, cancel);
            return await Waiting.Finish(call, api, result, wait, timeout, cancel);
        });
    }
}
