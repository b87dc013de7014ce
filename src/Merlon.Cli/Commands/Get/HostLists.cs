using System.CommandLine;
using Merlon.Cli.Clients;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands.Get;

/// <summary>Lists of this host alone, from the agent: they work with the controller dead.</summary>
internal static class HostLists
{
    public static Verb Nics(Names names)
    {
        var name = new Argument<string?>("NAME") { Description = "Only this interface, VM or MAC", Arity = ArgumentArity.ZeroOrOne };
        names.CompleteVms(name);
        var verb = new Verb("nic", "Virtual NICs of this host (asks the agent)", "merlon get nic", "merlon get nic vnet3 -o json") { name };
        return verb.Runs(async (call, cancel) =>
        {
            using var agent = Agent.Connect(call);
            var nics = await agent.Get("/v1/nics", ApiJson.Default.IReadOnlyListNicRecord, cancel);
            if (call.Get(name) is { } wanted)
            {
                nics = [.. nics.Where(n => new[] { n.Ifname, n.Vm, n.Mac }.Contains(wanted, StringComparer.OrdinalIgnoreCase))];
                if (nics.Count == 0) throw new CliException($"no nic '{wanted}' on this host", "see 'merlon get nic'", ExitCode.NotFound);
            }
            call.Print(nics, ApiJson.Default.IReadOnlyListNicRecord, r => Tables.Nics(call, r));
            return ExitCode.Ok;
        });
    }

    public static Verb Migrations() => new Verb("migration", "VMs that came to this host, and how many of their connections go on (asks the agent)", "merlon get migration", "merlon get migration -o json")
        .Runs(async (call, cancel) =>
        {
            using var agent = Agent.Connect(call);
            var came = await agent.Get("/v1/migrations", ApiJson.Default.IReadOnlyListMigrationRecord, cancel);
            call.Print(came, ApiJson.Default.IReadOnlyListMigrationRecord, r => Tables.Migrations(call, r));
            return ExitCode.Ok;
        });

    public static Verb Connections(Names names)
    {
        var vm = new Option<string?>("--vm") { Description = "Only this VM's (name, UUID or vnet name)", HelpName = "VM" };
        var limit = new Option<int>("--limit") { Description = "At most so many", DefaultValueFactory = _ => 1000, HelpName = "N" };
        names.CompleteVms(vm);
        var verb = new Verb("connection", "Live entries of this host's connection table (asks the agent)", "merlon get connection --vm web-1", "merlon get connection -o json") { vm, limit };
        return verb.Runs(async (call, cancel) =>
        {
            using var agent = Agent.Connect(call);
            var path = Query.Path("/v1/connections", ("vm", call.Get(vm)), ("limit", Query.Number(call.Get(limit))));
            var connections = await agent.Get(path, ApiJson.Default.IReadOnlyListConnectionRecord, cancel);
            call.Print(connections, ApiJson.Default.IReadOnlyListConnectionRecord, r => Tables.Connections(call, r));
            if (connections.Count == call.Get(limit)) call.Say($"the first {connections.Count} only; --limit shows more");
            return ExitCode.Ok;
        });
    }
}
