using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Cli.Offline;
using Merlon.Contracts.Api;
using Merlon.Policy.Analyze;

namespace Merlon.Cli.Commands;

/// <summary>merlon diff: which traffic two policies answer differently.</summary>
internal static class DiffCommand
{
    public static Command Create()
    {
        var before = new Argument<string>("BEFORE") { Description = "Manifest file or folder, or TENANT@REVISION of the server" };
        var after = new Argument<string>("AFTER") { Description = "Likewise" };
        var inventory = new Option<string[]>("--inventory", "-i") { Description = "Inventory of both", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        var verb = new Verb("diff", "Which traffic two policies answer differently, exactly. Exit 0: none, 2: some, 1: no answer",
            "merlon diff policies/ new-policies/ -i inventory.yaml", "merlon diff shop@3 shop@now -o json")
        {
            before, after, inventory,
        };
        return verb.Runs(async (call, cancel) =>
        {
            var (first, second) = (RevisionName.Parse(call.Get(before)), RevisionName.Parse(call.Get(after)));
            if (first is not null || second is not null) return Changes.Show(call, await Ask(call, first, second, cancel));
            var (old, now) = (Load(call, call.Get(before), call.Get(inventory) ?? []), Load(call, call.Get(after), call.Get(inventory) ?? []));
            return Changes.Show(call, Changes.Between(old, now));
        });
    }

    private static async Task<IReadOnlyList<TrafficChangeRecord>> Ask(Call call, RevisionName? before, RevisionName? after, CancellationToken cancel)
    {
        if (before is not { Number: { } number } || after is null || before.Tenant != after.Tenant)
            throw new CliException("two revisions of one tenant are compared, or two paths", "for example 'merlon diff shop@3 shop@now'");
        using var api = Controller.Connect(call);
        var path = Query.Path("/v1/diff", ("tenant", before.Tenant), ("before", Text(number)), ("after", after.Number is { } later ? Text(later) : null));
        return (await api.Get(path, ApiJson.Default.PlanResult, cancel)).Changes;
    }

    private static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static Revision Load(Call call, string path, string[] inventory)
    {
        var policy = OfflinePolicy.Load([path], inventory);
        return new(policy.Require(call), policy.Inventory);
    }
}
