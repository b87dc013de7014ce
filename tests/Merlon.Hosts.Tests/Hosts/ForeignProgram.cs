using System.Globalization;

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>Somebody else's filter (Programs/foreign.bpf.c): drops UDP to <see cref="Refused"/>, accepts everything else for good,
/// so that what stands before Merlon also takes its packets away from it.</summary>
public sealed class ForeignProgram : IDisposable
{
    public const int Refused = 7790;

    private static int s_count;
    private readonly NetNamespace _host;
    private readonly string _pin;

    public ForeignProgram(NetNamespace host)
    {
        _host = host;
        var name = string.Create(CultureInfo.InvariantCulture, $"merlon-foreign-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}");
        _pin = "/sys/fs/bpf/" + name;
        var compiled = Path.Combine(Path.GetTempPath(), name + ".o");
        Shell.Run("clang", "-O2", "-g", "-target", "bpf", "-Wall", "-Werror", "-idirafter", $"/usr/include/{Shell.Run("uname", "-m").Ok().Trim()}-linux-gnu",
            "-c", Path.Combine(Repository.Root, "tests/Merlon.Kernel.Tests/Programs/foreign.bpf.c"), "-o", compiled).Ok();
        Shell.Run("bpftool", "prog", "load", compiled, _pin, "type", "classifier").Ok();
        File.Delete(compiled);
    }

    /// <summary>A tcx link, first or last of its hook; it is gone when the result is disposed.</summary>
    public IDisposable AttachTcx(string ifname, bool egress, bool first) => _host.Enter(() =>
    {
        using var program = BpfCall.Open(_pin);
        return BpfCall.Link(program, ifname, egress ? BpfCall.TcxEgress : BpfCall.TcxIngress, first ? BpfCall.Before : 0);
    });

    /// <summary>A filter on the interface's clsact qdisc, which must be there.</summary>
    public void AttachClsact(string ifname, bool egress, int priority) => Tc("filter", "add", "dev", ifname, egress ? "egress" : "ingress",
        "prio", priority.ToString(CultureInfo.InvariantCulture), "handle", "2", "bpf", "direct-action", "object-pinned", _pin);

    /// <summary>Runs tc(8) on the host.</summary>
    public string Tc(params string[] args) => Shell.Run("nsenter", [$"--net={_host.Path}", "tc", .. args]).Ok();

    public void Dispose() => File.Delete(_pin);
}
