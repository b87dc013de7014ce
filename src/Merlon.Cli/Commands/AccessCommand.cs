using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Cli.Offline;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;
using Merlon.Policy.Analyze;
using Merlon.Policy.Model;

namespace Merlon.Cli.Commands;

/// <summary>merlon access: all that passes from or to one end.</summary>
internal static class AccessCommand
{
    public static Command Create() => new Verb("access", "What one can reach, or who can reach it, exactly", "merlon access to group/db", "merlon access from vm/web-1 -o json")
    {
        Direct("from", "What it can reach", Direction.Out),
        Direct("to", "Who can reach it", Direction.In),
    };

    private static Verb Direct(string word, string description, Direction direction)
    {
        var who = new Argument<string>("WHO") { Description = "any, group/NAME, vm/NAME, prefix or address" };
        var files = new Option<string[]>("--file", "-f") { Description = "Ask these manifests instead of the server", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        var inventory = new Option<string[]>("--inventory", "-i") { Description = "Inventory, with -f", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
        var verb = new Verb(word, description, $"merlon access {word} vm/db-1", $"merlon access {word} 10.1.0.0/24 -f policies/ -i inventory.yaml") { who, files, inventory };
        return verb.Runs(async (call, cancel) =>
        {
            var boxes = call.Get(files) is { Length: > 0 } manifests
                ? Offline(call, call.Get(who), direction, manifests, call.Get(inventory) ?? [])
                : await Ask(call, word, call.Get(who), cancel);
            call.Print(boxes, ApiJson.Default.IReadOnlyListAccessRecord, b => Table(call, b));
            call.Say(boxes.Count == 0 ? "nothing passes" : $"{boxes.Count} boxes pass; first packets only, built-in rules left out, VMs speak from their own addresses (antiSpoof)");
            return ExitCode.Ok;
        });
    }

    private static async Task<IReadOnlyList<AccessRecord>> Ask(Call call, string word, string who, CancellationToken cancel)
    {
        using var api = Controller.Connect(call);
        return await api.Get(Query.Path("/v1/access", (word, who)), ApiJson.Default.IReadOnlyListAccessRecord, cancel);
    }

    private static IReadOnlyList<AccessRecord> Offline(Call call, string who, Direction direction, string[] manifests, string[] inventory)
    {
        var policy = OfflinePolicy.Load(manifests, inventory);
        var revision = new Revision(policy.Require(call), policy.Inventory);
        var result = Access.Of(revision, who, direction, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        return result.Problem is { } problem ? throw new CliException(problem.Message, problem.Hint) : ChangeRecords.Of(result, revision);
    }

    private static void Table(Call call, IReadOnlyList<AccessRecord> boxes)
    {
        if (boxes.Count == 0) return;
        var t = new Listing("FROM", "TO", "SERVICE", "RULES");
        foreach (var b in boxes)
            t.Add(Changes.Text(b.From) + (b.Families.Count > 1 ? "" : $" ({b.Families[0]})"), Changes.Text(b.To), Changes.Text(b.Services), Changes.Some([.. b.Rules.Select(r => r.Rule)]));
        t.WriteTo(call);
    }
}
