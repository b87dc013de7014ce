using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Merlon.Cli;
using Merlon.Cli.Commands.Doctor;
using Merlon.Contracts;
using Merlon.Contracts.Api;
using Xunit;

namespace Merlon.Fast.Tests.Cli;

public class DoctorTests
{
    private const string Btf = "/sys/kernel/btf/vmlinux", Program = "/usr/lib/merlon/firewall.bpf.o";
    private static readonly InstancePaths Paths = new("");

    private readonly PretendedMachine machine = new();
    private IReadOnlyList<DoctorCheck> agentSays = [];
    private DateTimeOffset? controllerClock = Records.At;

    [Fact]
    public async Task A_well_machine_has_nothing_broken()
    {
        machine.Folders[Paths.Pki] = ["ca.pem", "ca.key"];
        machine.Files[$"{Paths.Pki}/ca.pem"] = Certificate(Records.At.AddDays(-1), Records.At.AddDays(900));
        var checks = await Report();
        Assert.All(checks, c => Assert.Equal("ok", c.Result));
        Assert.All(checks, c => Assert.Null(c.Mend));
        Assert.Superset(new HashSet<string> { "root", "kernel", "btf", "bpffs", "tc-hook", "bpf-jit", "memlock", "program", "libvirt", "br-netfilter", "disk", "certificate ca", "pins", "foreign-programs", "clock", "agent" },
            checks.Select(c => c.Name).ToHashSet());
    }

    [Theory]
    [InlineData("kernel", "/proc/sys/kernel/osrelease", "5.15.0-generic", "6.1")]
    [InlineData("kernel", "/proc/sys/kernel/osrelease", "nonsense", "6.1")]
    [InlineData("root", "/proc/self/status", "Uid:\t1000\t1000\t1000\t1000\n", "sudo")]
    [InlineData("bpffs", "/proc/self/mounts", "proc /proc proc rw 0 0\n", "mount -t bpf bpf /sys/fs/bpf")]
    [InlineData("bpffs", "/proc/self/mounts", "bpf /sys/fs/bpf bpf rw 0 0\ntmpfs /sys/fs/bpf tmpfs rw 0 0\n", "mount -t bpf bpf /sys/fs/bpf")]
    public async Task What_Merlon_cannot_do_without_is_broken_with_its_mend(string check, string file, string text, string mend)
    {
        machine.Files[file] = text;
        var found = await Check(check);
        Assert.Equal("broken", found.Result);
        Assert.Contains(mend, found.Mend, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bpf-jit", "/proc/sys/net/core/bpf_jit_enable", "0\n", "sysctl -w net.core.bpf_jit_enable=1")]
    [InlineData("br-netfilter", "/proc/sys/net/bridge/bridge-nf-call-iptables", "1\n", "sysctl -w net.bridge.bridge-nf-call-iptables=0")]
    public async Task What_only_disturbs_is_a_warning(string check, string file, string text, string mend)
    {
        machine.Files[file] = text;
        Assert.Equal(("warning", mend), (await Check(check)) is var c ? (c.Result, c.Mend) : default);
    }

    [Theory]
    [InlineData("btf", Btf, false, "this kernel carries no BTF", "CONFIG_DEBUG_INFO_BTF")]
    [InlineData("btf", Btf, true, "holds no BTF", "umount /sys/kernel/btf/vmlinux")]
    [InlineData("program", Program, false, Program + " is missing", "./dev build")]
    [InlineData("program", Program, true, "is not a BPF object", "./dev build")]
    public async Task A_file_that_is_missing_or_holds_something_else_is_broken(string check, string file, bool there, string found, string mend)
    {
        machine.Starts[file] = "something else, longer than a header"u8.ToArray();
        if (there) machine.Files[file] = "";
        else machine.Starts.Remove(file);
        var broken = await Check(check);
        Assert.Equal("broken", broken.Result);
        Assert.Contains(found, broken.Found, StringComparison.Ordinal);
        Assert.Contains(mend, broken.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bpffs_that_cannot_be_written_is_broken()
    {
        machine.Problems["/sys/fs/bpf"] = "Read-only file system";
        var check = await Check("bpffs");
        Assert.Equal(("broken", "/sys/fs/bpf cannot be written: Read-only file system"), (check.Result, check.Found));
    }

    [Fact]
    public async Task A_kernel_before_6_6_needs_the_clsact_modules()
    {
        machine.Files["/proc/sys/kernel/osrelease"] = "6.1.0-30-cloud-amd64";
        Assert.Equal("broken", (await Check("tc-hook")).Result);
        machine.Files["/lib/modules/6.1.0-30-cloud-amd64/modules.dep"] = "kernel/net/sched/sch_ingress.ko:\nkernel/net/sched/cls_bpf.ko:\n";
        Assert.Equal("warning", (await Check("tc-hook")).Result);
    }

    [Fact]
    public async Task A_libvirt_that_does_not_answer_is_broken_unless_the_agent_says_otherwise()
    {
        machine.Problems["/run/libvirt/libvirt-sock"] = "Connection refused";
        machine.Problems["/run/merlon/libvirt/libvirt-sock"] = "no such socket";
        Assert.Equal("broken", (await Check("libvirt")).Result);
        agentSays = [new("libvirt", "ok", "not used (--libvirt none)", null)];
        Assert.Equal("ok", (await Check("libvirt")).Result);
    }

    [Theory]
    [InlineData(50, "broken")]
    [InlineData(500, "warning")]
    [InlineData(5000, "ok")]
    public async Task Disk_room_is_judged(long mib, string result)
    {
        machine.Free = mib << 20;
        Assert.Equal(result, (await Check("disk")).Result);
    }

    [Theory]
    [InlineData(-400, -3, "certificate agent", "broken")]
    [InlineData(-400, 5, "certificate agent", "warning")]
    [InlineData(-400, 50, "certificate agent", "ok")]
    [InlineData(3, 50, "certificate agent", "broken")]
    public async Task Certificates_and_the_clock_are_compared(int fromDays, int toDays, string check, string result)
    {
        machine.Folders[Paths.Pki] = ["agent.pem"];
        machine.Files[$"{Paths.Pki}/agent.pem"] = Certificate(Records.At.AddDays(fromDays), Records.At.AddDays(toDays));
        Assert.Equal(result, (await Check(check)).Result);
    }

    [Fact]
    public async Task A_clock_away_from_the_controllers_is_a_warning()
    {
        controllerClock = Records.At.AddMinutes(2);
        Assert.Equal(("warning", "120 s away from the controller's"), (await Check("clock")) is var c ? (c.Result, c.Found) : default);
    }

    [Fact]
    public async Task Pins_of_another_ABI_are_broken_and_the_mend_is_a_command()
    {
        machine.Folders[Paths.Bpf] = ["links", "maps", "marker", "programs"];
        machine.Files[$"{Paths.Bpf}/marker"] = "";
        const string dump = "bpftool -j map dump pinned /sys/fs/bpf/merlon/marker";
        machine.Programs[dump] = Marker(PinChecks.Abi);
        Assert.Equal("ok", (await Check("pins")).Result);
        machine.Programs[dump] = Marker(77);
        var check = await Check("pins");
        Assert.Equal("broken", check.Result);
        Assert.Contains("ABI 77", check.Found, StringComparison.Ordinal);
        Assert.Contains("merlon-agent remove", check.Mend, StringComparison.Ordinal);
        machine.Programs[dump] = "hostile {";
        Assert.Equal("warning", (await Check("pins")).Result);
    }

    [Fact]
    public void Doctor_expects_the_ABI_of_this_version() => Assert.Equal(Merlon.Datapath.Abi.AbiLimits.Version, (uint)PinChecks.Abi);

    [Fact]
    public async Task Foreign_programs_on_guarded_ports_are_named()
    {
        machine.Folders[$"{Paths.Bpf}/links"] = ["12-1-from_vm", "12-1-to_vm"];
        machine.Programs["bpftool -j net show"] = """
            [{"xdp":[],"tc":[{"devname":"vnet3","ifindex":12,"kind":"clsact/ingress","name":"shaper","id":9},
            {"devname":"vnet3","ifindex":12,"kind":"clsact/ingress","name":"from_vm","id":8},
            {"devname":"eth0","ifindex":2,"kind":"clsact/ingress","name":"elsewhere","id":7}]}]
            """;
        var check = await Check("foreign-programs");
        Assert.Equal(("warning", "shaper on vnet3 (clsact/ingress)"), (check.Result, check.Found));
    }

    [Fact]
    public async Task What_the_agent_finds_is_added_without_saying_things_twice()
    {
        agentSays = [new("kernel-too-old", "ok", "kernel 6.12", null), new("not-guarding", "warning", "vnet3: not first", "see who"), new("not-guarding", "warning", "vnet4: not first", "see who"), new("tcx", "broken", "gone", "mend")];
        var names = (await Report()).Select(c => c.Name).ToList();
        Assert.Equal(["vnet3: not first", "vnet4: not first"], (await Report()).Where(c => c.Name == "not-guarding").Select(c => c.Found));
        Assert.DoesNotContain("kernel-too-old", names);
        Assert.Contains("tcx", names);
        Assert.Equal(names.Count - 1, names.Distinct().Count());
    }

    [Fact]
    public async Task With_nothing_running_the_exit_code_is_1_and_both_are_named()
    {
        var said = await CommandLine.Run("doctor", "-o", "json");
        Assert.Equal(1, said.Code);
        Assert.Contains("start merlon-agent", said.Out, StringComparison.Ordinal);
        Assert.Contains("start merlon-controller", said.Out, StringComparison.Ordinal);
    }

    private async Task<DoctorCheck> Check(string name) => (await Report()).Single(c => c.Name == name);

    private Task<IReadOnlyList<DoctorCheck>> Report() =>
        new DoctorReport(machine, Paths, Program, _ => Task.FromResult(agentSays), _ => Task.FromResult(controllerClock)).Run(CancellationToken.None);

    private static string Marker(int abi) => $$"""[{"key":["0x00","0x00","0x00","0x00"],"value":["0x{{abi:x2}}","0x00","0x00","0x00","0x00"]}]""";

    private static string Certificate(DateTimeOffset from, DateTimeOffset to)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256).CreateSelfSigned(from, to);
        return certificate.ExportCertificatePem();
    }
}
