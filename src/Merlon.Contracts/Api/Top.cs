namespace Merlon.Contracts.Api;

/// <summary>What a guarded VM has done so far; every number but the two that are open only grows.</summary>
/// <param name="PacketsOut">That it sent, all its guarded interfaces together; in: that it was sent.</param>
/// <param name="Connections">Established, charged to it.</param>
/// <param name="HalfOpen">Not answered yet.</param>
/// <param name="Opened">Connections that it opened, or that were opened to it from outside.</param>
/// <param name="Denied">Packets denied at its interfaces, since the agent started; what a budget refused counts for the VM whose budget it was.</param>
/// <param name="Over">Budgets that it was over in the last second, by their reasons; null = none.</param>
public sealed record VmTraffic(
    string Vm, string VmUuid, long PacketsOut, long PacketsIn, long BytesOut, long BytesIn, int Connections, int HalfOpen, long Opened, long Denied,
    IReadOnlyList<string>? Over = null);

/// <summary>One look at a host. Two of them make a <see cref="TopRecord"/>.</summary>
/// <param name="TimeNs">Boot clock.</param>
/// <param name="ShortCut">Packets that went past the bridge.</param>
/// <param name="OneLook">Packets that were judged once, and that the bridge carried.</param>
/// <param name="HookNs">CPU time of the hooks; counted only while somebody looks.</param>
public sealed record HostTraffic(long TimeNs, long ShortCut, long OneLook, long HookNs, IReadOnlyList<VmTraffic> Vms);

/// <summary>A VM over one interval: what is not open now is a second's.</summary>
/// <param name="Over">As in <see cref="VmTraffic"/>.</param>
public sealed record TopVm(
    string Vm, string VmUuid, double PacketsOut, double PacketsIn, double BytesOut, double BytesIn, int Connections, int HalfOpen, double Opened, double Denied,
    IReadOnlyList<string>? Over = null);

/// <summary>A host over one interval.</summary>
/// <param name="Seconds">How long it was.</param>
/// <param name="ShortCutShare">Of the packets that guarded VMs sent, 0 to 1; 0 where none were.</param>
/// <param name="OneLookShare">Likewise.</param>
/// <param name="HookCpu">CPUs that the hooks were busy on, 1 = one whole.</param>
public sealed record TopRecord(double Seconds, double ShortCutShare, double OneLookShare, double HookCpu, IReadOnlyList<TopVm> Vms);
