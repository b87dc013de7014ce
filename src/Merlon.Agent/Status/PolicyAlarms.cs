using Merlon.Agent.Guests;
using Merlon.Agent.Sync;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Agent.Status;

/// <summary>Alarms that follow from a policy and the guests it meets.</summary>
internal static class PolicyAlarms
{
    public static void Update(AlarmBoard alarms, HostPlan? plan, GuestBook guests)
    {
        alarms.Only("address-claim", Claims(plan, guests), "one of the two must give the address up; the second gains nothing by it");
        alarms.Only("unguardable", Unguardable(plan, guests), "move the interface to a bridge, exclude it in a Guard, or set onFailure: open");
    }

    private static Dictionary<string, string> Claims(HostPlan? plan, GuestBook guests) =>
        (plan?.Claims ?? []).Concat(guests.Refused).DistinctBy(c => (c.Address, c.Claimant)).ToDictionary(c => $"{c.Realm}|{c.Address}|{c.Claimant}",
            c => $"{c.Claimant} claims {c.Address}, which is {c.Owner}'s in realm {c.Realm}");

    private static Dictionary<string, string> Unguardable(HostPlan? plan, GuestBook guests)
    {
        var found = new Dictionary<string, string>();
        foreach (var guest in guests.All)
            foreach (var nic in guest.Nics.Where(n => n.CannotGuard is not null))
                if (plan?.Find(new NicKey(guest.Uuid, nic.Index)) is { Guard.OnFailure: OnFailure.Closed })
                    found[$"{guest.Uuid}#{nic.Index}"] = $"interface {nic.Index} of {guest.Name} cannot be guarded: {nic.CannotGuard}";
        return found;
    }
}
