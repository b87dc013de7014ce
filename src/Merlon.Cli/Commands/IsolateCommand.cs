using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands;

/// <summary>merlon isolate: cuts a VM off, for a while.</summary>
internal static class IsolateCommand
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    public static Command Create(Names names)
    {
        var vm = new Argument<string>("VM") { Description = "Name, UUID or vnet name" };
        var span = new Option<string?>("--for") { Description = "Ends by itself after this time", HelpName = "SPAN" };
        var open = new Option<bool>("--until-lifted") { Description = "Stays until --lift" };
        var lift = new Option<bool>("--lift") { Description = "Ends it" };
        var wait = new Option<bool>("--wait") { Description = "Return when every host has it in its kernel" };
        var timeout = Waiting.Timeout();
        names.CompleteVms(vm);
        var verb = new Verb("isolate", "Cut a VM off: live connections too, all but what the platform's group 'management' may. Exit 3: no such VM or not isolated, 5: not guarded",
            "merlon isolate db-1 --for 1h --wait", "merlon isolate db-1 --until-lifted", "merlon isolate db-1 --lift")
        {
            vm, span, open, lift, wait, timeout,
        };
        verb.Validators.Add(line =>
        {
            if (new[] { line.GetResult(span) is { Implicit: false }, line.GetResult(open) is { Implicit: false }, line.GetResult(lift) is { Implicit: false } }.Count(given => given) != 1)
                line.AddError("one of --for, --until-lifted and --lift is required.");
        });
        return verb.Runs(async (call, cancel) =>
        {
            int? seconds = call.Get(span) is { } text ? Span.Seconds(text, Longest) : null;
            using var api = Controller.Connect(call);
            var result = call.Get(lift)
                ? await api.Delete($"/v1/isolate/{Uri.EscapeDataString(call.Get(vm))}", ApiJson.Default.ApplyResult, cancel)
                : await api.Post("/v1/isolate", new(call.Get(vm), seconds), ApiJson.Default.IsolateRequest, ApiJson.Default.ApplyResult, cancel);
            if (ApplyCommand.Show(call, result) is var code and not ExitCode.Ok) return code;
            if (call.Get(wait)) await Waiting.ForSequence(api, result.Sequence, TimeSpan.FromSeconds(call.Get(timeout)), cancel);
            return ExitCode.Ok;
        });
    }
}
