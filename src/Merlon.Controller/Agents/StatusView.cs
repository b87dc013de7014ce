using System.Collections.Concurrent;
using Merlon.Contracts.Api;
using Merlon.Controller.Flows;
using Merlon.Controller.Inventory;
using Merlon.Controller.Rules;

namespace Merlon.Controller.Agents;

/// <summary>Is everything in force that was ordered, and what must somebody see to.</summary>
internal sealed class StatusView(HostRegistry registry, Applier applier, FlowLog flows, TimeProvider clock)
{
    private readonly ConcurrentDictionary<(string Code, string Message), DateTimeOffset> _since = new();

    public IReadOnlyList<HostRecord> Hosts()
    {
        var (wanted, plans) = (applier.State.Hosts.Messages, applier.State.Plans);
        return [.. registry.Hosts.Select(h => new HostRecord(
            h.Name, h.Uuid, h.Connected, h.LastSeen, h.Applied, wanted.GetValueOrDefault(h.Uuid)?.Sequence ?? 0, h.Error, h.Status, plans.GetValueOrDefault(h.Uuid)?.Tables))];
    }

    public StatusRecord Status()
    {
        var (state, hosts, alarms) = (applier.State, Hosts(), Alarms());
        var connected = hosts.Where(h => h.Connected).ToList();
        var ready = connected.Count > 0 && connected.TrueForAll(h => !h.IsLate() && h.Status?.Alarms.All(a => a.ByGuest) != false);
        return new(ProductVersion.Text, state.Hosts.Sequence, ready, hosts, alarms, state.Trial is { } trial ? new(trial.State.ConfirmBy, trial.State.By) : null);
    }

    private IReadOnlyList<Alarm> Alarms()
    {
        var found = Found().ToList();
        foreach (var old in _since.Keys.Except(found.Select(a => (a.Code, a.Message)))) _since.TryRemove(old, out _);
        return [.. found.Select(a => new Alarm(a.Code, a.Message, a.Mend, _since.GetOrAdd((a.Code, a.Message), clock.GetUtcNow()), a.ByGuest))];
    }

    private IEnumerable<(string Code, string Message, string? Mend, bool ByGuest)> Found()
    {
        var state = applier.State;
        foreach (var host in Hosts())
        {
            if (!host.Connected)
                yield return ("host-away", $"the agent of {host.Name} is not connected; its rules stay as they are", "is merlon-agent running there?", false);
            if (host.Error is { } error)
                yield return ("policy-refused", $"{host.Name} refused its policy: {error}", null, false);
            if (applier.IsHeldBack(host.Uuid))
                yield return ("policy-unknown", $"{host.Name} enforces a policy that this controller knows nothing of; it keeps it until the first apply", "restore the controller's state, or apply the policy again", false);
        }
        foreach (var twice in registry.Hosts.GroupBy(h => h.Name).Where(g => g.Count() > 1))
            yield return ("host-name-twice", $"{twice.Count()} hosts call themselves {twice.Key}: {string.Join(", ", twice.Select(h => h.Uuid))}", "start each agent with a name of its own (--host)", false);
        foreach (var claim in state.Inventory.Refused)
            yield return ("address-claim", $"{claim.ClaimantVm} claims {claim.Address}, which belongs to {claim.OwnerVm}: refused", "correct the addresses in the VM's metadata", false);
        foreach (var claim in state.RefusedPins.Where(c => c.At + RefusedPin.Told > clock.GetUtcNow()))
            yield return claim.OwnerVm.Length > 0
                ? ("address-claim", $"{claim.Vm} claims {claim.Address} by {AddressPins.Word(claim.By)}, which belongs to {claim.OwnerVm}: refused", $"which of them should have it? 'merlon delete address/{claim.Address}' frees one that was learned", true)
                : ("address-limit", $"{claim.Vm} has learned {AddressPins.MostOfNic} addresses, more are refused: {claim.Address}", "declare the addresses that it should have, free others: 'merlon delete address/ADDRESS'", true);
        foreach (var problem in state.Problems)
            yield return ("policy-unresolved", $"the policy cannot be resolved for the present VMs, hosts keep what they have: {problem.Message}", null, false);
        foreach (var count in flows.Counts().Where(c => c.Missing + c.Refused > 0))
            yield return ("flows-lost", $"{registry.Find(count.Host)?.Name ?? count.Host}: {count.Missing} flow records never came, {count.Refused} were not valid", null, false);
    }
}
