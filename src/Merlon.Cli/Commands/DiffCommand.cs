using System.CommandLine;
using Merlon.Cli.Offline;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;
using Merlon.Policy.Analyze;

namespace Merlon.Cli.Commands;

/// <summary>merlon diff: which traffic two policies answer differently.</summary>
internal static class DiffCommand
{
    public static Command Create()
    {
        var before = new Argument<string>("BEFORE") { Description = "Manifest file or folder" };
        var after = new Argument<string>("AFTER") { Description = "Likewise" };
        var inventory = new Option<string[]>("--inventory", "-i") { Description = "Inventory of both", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        var verb = new Verb("diff", "Which traffic two policies answer differently, exactly. Exit 0: none, 2: some, 1: no answer",
            "merlon diff policies/ new-policies/ -i inventory.yaml", "merlon diff old.yaml new.yaml -i inventory.yaml -o json")
        {
            before, after, inventory,
        };
        return verb.Runs((call, _) =>
        {
            var (old, now) = (Load(call, call.Get(before), call.Get(inventory) ?? []), Load(call, call.Get(after), call.Get(inventory) ?? []));
            return Task.FromResult(Changes.Show(call, Changes.Between(old, now)));
        });
    }

    private static Revision Load(Call call, string path, string[] inventory)
    {
        var policy = OfflinePolicy.Load([path], inventory);
        return new(policy.Require(call), policy.Inventory);
    }
}
