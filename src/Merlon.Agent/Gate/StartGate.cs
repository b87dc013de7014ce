using Merlon.Agent.Guests;
using Merlon.Agent.Sync;
using Merlon.Contracts.Api;
using Merlon.Policy.Model;

namespace Merlon.Agent.Gate;

/// <summary>Decides whether a VM may start, and guards its interfaces before it does: its taps are there, its QEMU is not. The same in the
/// agent and in a hook that is on its own. Asks nobody: libvirt waits for the answer, and holds the VM's lock.</summary>
/// <param name="links">The interfaces of this host as they are now.</param>
internal sealed class StartGate(PolicyKeeper policy, PortKeeper ports, Func<IReadOnlyList<HostLink>> links)
{
    /// <summary>Where the policy on disk cannot be read, the book still says who was guarded, and under which <c>onFailure</c>.</summary>
    public GateAnswer Pass(Guest guest)
    {
        if (policy.Plan is not { } plan) return WithoutPolicy(guest, policy.Book, policy.Error ?? "there is no policy on disk");
        var guarded = guest.Nics.Select(n => (Nic: n, Plan: plan.Find(new(guest.Uuid, n.Index))!)).Where(n => n.Plan is not null).ToList();
        if (guarded.Count == 0) return new(true, "not-guarded", $"no Guard of policy {plan.Sequence} selects an interface of {guest.Name}");
        if (guarded.FirstOrDefault(n => n.Nic.CannotGuard is not null && n.Plan.Guard.OnFailure == OnFailure.Closed).Nic is { } cannot)
            return new(false, "unguardable", $"{guest.Name} may not start: its interface {cannot.Index} ({cannot.Mac}) cannot be guarded ({cannot.CannotGuard})",
                "move the interface to a bridge, exclude it in a Guard, or set onFailure: open");
        var starting = new List<WantedPort>();
        try
        {
            Locate(guarded.Where(n => n.Nic.CannotGuard is null), starting);
            if (starting.Count == 0) return new(true, "unguarded", $"{guest.Name} starts unguarded: none of its interfaces can be guarded");
            ports.Admit(starting, plan, () => policy.InForce);
            return new(true, "guarded", $"{string.Join(", ", starting.Select(s => s.Ifname))} of {guest.Name} guarded by policy {plan.Sequence}");
        }
        catch (KernelFault fault)
        {
            var answer = Failed(guest, guarded.Select(n => n.Plan.Guard.OnFailure), fault.Message);
            // Half of it may be there, closed.
            if (answer.Start)
                foreach (var port in starting) ports.Release(port.Ifindex, keepVnic: false);
            return answer;
        }
    }

    /// <summary>What a Guard says of a start that cannot be guarded.</summary>
    public static GateAnswer Failed(Guest guest, IEnumerable<OnFailure> guards, string why) => guards.Contains(OnFailure.Closed)
        ? new(false, "cannot-guard", $"{guest.Name} may not start, because it cannot be guarded: {why}", "see 'merlon doctor'; a Guard with onFailure: open would let it start unguarded")
        : new(true, "unguarded", $"{guest.Name} starts UNGUARDED, as its Guard says (onFailure: open): {why}", "see 'merlon doctor'");

    /// <summary>The same, from what the book knows of a VM.</summary>
    public static GateAnswer WithoutPolicy(Guest guest, HostBook book, string why)
    {
        var known = book.Nics.Where(n => n.VmUuid == guest.Uuid && guest.Nics.Any(g => g.Index == n.Index)).ToList();
        return known.Count == 0 ? new(true, "not-guarded", $"no interface of {guest.Name} was guarded here: {why}") : Failed(guest, known.Select(n => n.OnFailure), why);
    }

    /// <summary>The same for a VM with a policy inside: one that this host does not know is one to be guarded.</summary>
    public static GateAnswer NotInForce(Guest guest, HostBook book, string why) => book.Nics.Any(n => n.VmUuid == guest.Uuid)
        ? WithoutPolicy(guest, book, why) : Failed(guest, [OnFailure.Closed], $"the policy inside it cannot be put into force: {why}");

    private void Locate(IEnumerable<(GuestNic Nic, NicPlan Plan)> guarded, List<WantedPort> starting)
    {
        var there = links().ToDictionary(l => l.Name);
        foreach (var (nic, plan) in guarded)
            starting.Add(nic.Ifname is { } name && there.TryGetValue(name, out var link) ? new(link.Ifindex, name, plan)
                : throw new KernelFault($"interface {nic.Index} ({nic.Mac}) has no tap on this host yet", null));
    }
}
