using Merlon.Datapath.Links;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Attach;

/// <summary>One of the two hooks: its program, its place in tcx and in clsact (for libbpf, for rtnetlink).</summary>
internal sealed record Hook(string Program, uint TcxType, uint TcPoint, uint TcParent)
{
    /// <summary>What the VM sends: tcx ingress of its tap.</summary>
    public static Hook FromVm { get; } = new("from_vm", Bpf.AttachTcxIngress, 1, TrafficControl.ParentIngress);

    /// <summary>What the VM receives: tcx egress of its tap.</summary>
    public static Hook ToVm { get; } = new("to_vm", Bpf.AttachTcxEgress, 2, TrafficControl.ParentEgress);

    public static IReadOnlyList<Hook> Both { get; } = [FromVm, ToVm];
}
