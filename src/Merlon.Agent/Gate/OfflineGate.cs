using Merlon.Agent.Guests;
using Merlon.Agent.Migration;
using Merlon.Agent.Sync;
using Merlon.Contracts.Api;
using Merlon.Datapath;
using Merlon.Policy.Compile;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merlon.Agent.Gate;

/// <summary>The start gate of a hook that got no answer. Without an agent it takes the agent's place for this moment, from what is on disk and
/// in the kernel. Beside one that lives and does not answer (stopped, or still starting) it changes the VM's own ports and nothing else, and
/// only if the kernel holds the policy of the disk.</summary>
internal sealed class OfflineGate(AgentOptions options)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <param name="inside">Text of the policy inside the VM; null = none.</param>
    public GateAnswer Pass(Guest guest, string? inside)
    {
        HostBook book;
        try
        {
            book = Store().Load();
        }
        catch (AgentFault damaged)
        {
            return new(false, "cannot-guard", $"{guest.Name} may not start, because it is unknown whether it is to be guarded: {damaged.Message}", damaged.Mend);
        }
        var known = book.Nics.Any(n => n.VmUuid == guest.Uuid);
        if (!known && inside is null) return new(true, "not-guarded", $"no interface of {guest.Name} is guarded by the last policy of this host");
        using var turn = KernelTurn.Take(options.Paths, Patience);
        if (turn is null) return StartGate.WithoutPolicy(guest, book, "the agent does not answer and is in the middle of a change");
        try
        {
            return Pass(guest, inside, known, InstanceLock.IsHeld(options.Paths));
        }
        catch (Exception e) when (e is DatapathException or AgentFault or KernelFault)
        {
            return StartGate.NotInForce(guest, book, e.Message);
        }
    }

    /// <summary>A VM's taps are gone: what the kernel kept for them goes too. With an agent, that is the agent's work.</summary>
    public void Release(Guest guest)
    {
        if (Store().Load().Nics.All(n => n.VmUuid != guest.Uuid)) return;
        using var turn = KernelTurn.Take(options.Paths, Patience);
        if (turn is null || InstanceLock.IsHeld(options.Paths)) return;
        using var datapath = Open(reuse: false);
        Keeper(datapath).Start();
    }

    private GateAnswer Pass(Guest guest, string? inside, bool known, bool besideAgent)
    {
        if (besideAgent && !known) throw new KernelFault("only the agent can put the policy inside it into force, and it does not answer", null);
        using var datapath = Open(besideAgent);
        if (!besideAgent)
        {
            var keeper = Keeper(datapath);
            keeper.Start();
            return keeper.Pass(guest, inside);
        }
        var kernel = new KernelTables(datapath);
        var ports = new PortKeeper(kernel, NullLogger.Instance);
        var papers = new VmPapers(options.Paths);
        var policy = new PolicyKeeper(kernel, ports, Store(), new(options.Paths.Var, papers.Trusted, papers.Installation), _ => [],
            ImageCompiler.Compile, () => DateTimeOffset.UtcNow.ToUnixTimeSeconds(), NullLogger.Instance);
        policy.Recall();
        return new StartGate(policy, ports, LinkFollower.List).Pass(guest);
    }

    private KernelDatapath Open(bool reuse) => KernelDatapath.Open(new(options.ObjectPath, options.Paths.Bpf) { ReuseOnly = reuse });

    private HostKeeper Keeper(KernelDatapath datapath) => new(options, new KernelTables(datapath), LinkFollower.List, NullLogger.Instance);

    private BookStore Store() => new(options.Paths.Var);
}
