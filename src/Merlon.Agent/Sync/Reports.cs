using Merlon.Agent.Guests;
using Merlon.Agent.Migration;
using Merlon.Contracts.Wire;
using Merlon.Datapath.Maps;
using Merlon.Policy.Model;

namespace Merlon.Agent.Sync;

/// <summary>Says what is in force, as read back from the kernel.</summary>
internal static class Reports
{
    public static PolicyReport Of(PolicyKeeper policy, GuestBook guests, IReadOnlyList<WantedPort> wanted, IKernel kernel, PortKeeper ports, VmPapers papers)
    {
        var report = new PolicyReport
        {
            Sequence = policy.Error is null ? policy.Plan?.Sequence ?? 0 : policy.Newest,
            Applied = policy.Error is null,
            Error = policy.Error ?? "",
            ImageDigest = policy.Plan?.Image.Digest ?? "",
            CompileMs = policy.CompileMs,
            SwapMs = policy.SwapMs,
        };
        var placed = wanted.Where(w => w.Plan is not null).ToDictionary(w => w.Plan!.Key);
        var why = guests.All.SelectMany(g => g.Nics.Select(n => (Key: new NicKey(g.Uuid, n.Index), n.CannotGuard)))
            .Where(n => n.CannotGuard is not null).ToDictionary(n => n.Key, n => n.CannotGuard!);
        foreach (var nic in policy.Plan?.Nics ?? []) report.Nics.Add(Nic(nic, placed.GetValueOrDefault(nic.Key), why.GetValueOrDefault(nic.Key), papers.Inside(nic.Key.VmUuid), kernel, ports));
        foreach (var claim in (policy.Plan?.Claims ?? []).Concat(guests.Refused).Distinct())
            report.Claims.Add(new Claim { Realm = claim.Realm, Address = claim.Address, Owner = claim.Owner, Claimant = claim.Claimant });
        return report;
    }

    private static NicReport Nic(NicPlan nic, WantedPort? port, string? cannotGuard, PolicyInside? inside, IKernel kernel, PortKeeper ports)
    {
        var report = new NicReport { VmUuid = nic.Key.VmUuid, NicIndex = (uint)nic.Key.Index, Problem = cannotGuard ?? "", EmbeddedDigest = inside?.Digests.GetValueOrDefault(nic.Key.Index) ?? "" };
        if (port is null) return report;
        var problem = ports.Problems.GetValueOrDefault(port.Ifindex) ?? kernel.Check(port.Ifindex);
        report.Ifname = port.Ifname;
        report.Attached = problem is null;
        report.RulesetDigest = nic.RulesetDigest;
        report.Problem = problem ?? nic.Problem ?? report.Problem;
        report.AdoptsUntil = port.AdoptUntilNs == 0 ? 0 : BootClock.ToUtc(port.AdoptUntilNs).ToUnixTimeSeconds();
        return report;
    }
}
