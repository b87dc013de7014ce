using Merlon.Agent.Guests;
using Merlon.Agent.Status;
using Merlon.Agent.Sync;

namespace Merlon.Agent.Migration;

/// <summary>What is wrong with the policies inside this host's VMs.</summary>
internal static class PaperAlarms
{
    public static void Update(AlarmBoard alarms, GuestBook guests, VmPapers papers, CarriedPolicies carried, PolicyKeeper policy)
    {
        string NameOf(string uuid) => guests.All.FirstOrDefault(g => g.Uuid == uuid)?.Name ?? uuid;
        string Rules(string uuid) => carried.Refused.Any(r => r.VmUuid == uuid) ? "nothing passes"
            : carried.Has(uuid) ? "the one that it brought before rules" : policy.Names(uuid) ? "the controller's rules" : "no other guards it";
        string Told(string uuid, string why) => $"the policy inside {NameOf(uuid)} does not count, {Rules(uuid)}: {why}";
        var refused = guests.Domains.Where(d => papers.Inside(d.Uuid)?.Refused is not null).ToDictionary(d => d.Uuid, d => Told(d.Uuid, papers.Inside(d.Uuid)!.Refused!));
        foreach (var (uuid, why) in carried.Refused) refused.TryAdd(uuid, Told(uuid, why));
        alarms.Only("vm-policy-refused", refused, "if its signer is to be trusted, put that policy.pub into the folder trust of /etc/merlon and start the VM again; else connect this host to a controller");
        alarms.Only("vm-policy-too-large", papers.TooLarge.ToDictionary(u => u, u => $"the policy of {NameOf(u)} is too large to travel inside it: a host without its controller will not know it"), "name fewer addresses in its rules");
        alarms.Only("vm-policy-not-written", papers.NotWritten.ToDictionary(w => w.Key, w => $"the policy of {NameOf(w.Key)} cannot be written into it, what is inside is older or none: {w.Value}"), "see the log of libvirtd; it is tried again every minute");
    }
}
