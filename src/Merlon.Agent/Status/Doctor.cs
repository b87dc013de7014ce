using Merlon.Contracts;
using Merlon.Contracts.Api;
using Merlon.Datapath;
using Merlon.Datapath.Links;

namespace Merlon.Agent.Status;

/// <summary>Names each missing or wrong thing of a running agent's host, with the mend.</summary>
internal static class Doctor
{
    public static IReadOnlyList<DoctorCheck> Run(string bpffsFolder, string objectPath, HostStatus status, bool wantsLibvirt, bool wantsController)
    {
        var checks = new List<DoctorCheck>();
        foreach (var check in KernelProbe.Run(bpffsFolder).Append(KernelProbe.Program(objectPath))) checks.Add(new(check.Name, check.Ok ? "ok" : "broken", check.Found, Null(check.Mend)));
        checks.Add(BridgeNetfilter.Check(f => File.Exists(f) ? File.ReadAllText(f) : null));
        checks.Add(BridgeObstacle.Find() is { } obstacle
            ? new("short-cut", "warning", $"every frame takes the bridge: {obstacle}", "nothing is unsafe; without it VMs of one bridge reach each other at less cost")
            : new("short-cut", "ok", "established connections between VMs of one bridge may skip it", null));
        checks.Add(wantsLibvirt
            ? Simple("libvirt", status.Libvirt, status.Libvirt ? "connected" : "not connected", "start libvirtd (systemctl start libvirtd)")
            : new("libvirt", "ok", "not used (--libvirt none)", null));
        checks.Add(wantsController
            ? Simple("controller", status.Controller, status.Controller ? "connected" : "not connected; the last policy stays in force", "start merlon-controller")
            : new("controller", "warning", "not used (--controller none): no policy can come", "name one with --controller"));
        checks.Add(Simple("policy", status.SequenceApplied == status.SequenceWanted, $"sequence {status.SequenceApplied} in force, {status.SequenceWanted} wanted",
            "see the alarm policy-refused"));
        if (status.StartGate is { } gate)
            checks.Add(new("start-gate", gate.Live ? "ok" : "warning", gate.Live ? gate.Found : $"UNGUARDED STARTS POSSIBLE: {gate.Found}",
                gate.Live ? null : "merlon-agent install-hook, then systemctl reload libvirtd (or virtqemud); the agent asks libvirt again within a minute"));
        foreach (var nic in status.Interfaces.Where(i => i.Problem is not null))
            checks.Add(new($"interface {nic.Ifname}", "broken", nic.Problem!, "the agent puts it right by itself; if it comes back, find out who changes it"));
        foreach (var alarm in status.Alarms) checks.Add(new(alarm.Code, "warning", alarm.Message, alarm.Mend));
        return checks;
    }

    private static DoctorCheck Simple(string name, bool ok, string found, string mend) => new(name, ok ? "ok" : "broken", found, ok ? null : mend);

    private static string? Null(string mend) => mend.Length == 0 ? null : mend;
}
