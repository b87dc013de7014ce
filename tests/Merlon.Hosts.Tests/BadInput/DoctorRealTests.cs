using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.BadInput;

/// <summary>merlon doctor on machines that are really broken: each break is named, with its mend, and the exit code says so.</summary>
[Collection(GuardedPairCollection.Name)]
public sealed class DoctorRealTests(GuardedPair pair) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("merlon-test-");

    /// <summary>The control: nothing is named where nothing is wrong.</summary>
    [Fact]
    public void A_healthy_machine_is_all_ok()
    {
        // Alarms of earlier tests linger 10 s.
        for (var i = 0; i < 15 && Doctor(BrokenMachine.NotBroken).Any(c => c.Result != "ok"); i++) Thread.Sleep(1000);
        Assert.Equal([], Doctor(BrokenMachine.NotBroken).Where(c => c.Result != "ok"));
        Assert.Equal(0, Run(BrokenMachine.NotBroken).Code);
    }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        pair.Recover();
    }

    public static TheoryData<string, string, string, string> Breaks => new()
    {
        { BrokenMachine.NoBpffs, "bpffs", "a tmpfs is mounted over /sys/fs/bpf", "mount -t bpf bpf /sys/fs/bpf" },
        { BrokenMachine.ReadOnlyBpffs, "bpffs", "/sys/fs/bpf cannot be written: Read-only file system", "mount -o remount,rw /sys/fs/bpf" },
        { BrokenMachine.Emptied("/sys/kernel/btf/vmlinux"), "btf", "holds no BTF", "umount /sys/kernel/btf/vmlinux" },
        { "mount -t tmpfs none /sys/kernel/btf", "btf", "this kernel carries no BTF", "CONFIG_DEBUG_INFO_BTF" },
        { "echo 5.10.0-9-amd64 > /run/merlon-old-$$; mount --bind /run/merlon-old-$$ /proc/sys/kernel/osrelease; rm /run/merlon-old-$$", "kernel", "Linux 5.10.0", "6.1" },
        { "mount -t tmpfs -o size=50m none /var/lib", "disk", "50 MiB free", "make room" },
        { "mount -t tmpfs none /var/lib", "controller-api", "no controller has run here yet", "start merlon-controller" },
        { "mount -t tmpfs none /run", "agent", "the agent does not answer", "start merlon-agent" },
    };

    [Theory, MemberData(nameof(Breaks))]
    public void A_broken_machine_is_named_with_the_mend(string breakage, string check, string found, string mend) =>
        Broken(check, found, mend, breakage);

    [Fact]
    public void Without_root_it_says_that_it_sees_only_half()
    {
        var said = Shell.Run(BrokenMachine.Nobody[0], [.. BrokenMachine.Nobody[1..], .. Command]);
        var checks = Parse(said);
        Assert.Equal(1, said.Code);
        Is(checks, "root", "running as user 65534", "use sudo");
        Is(checks, "agent", "is for root only", "use sudo");
        Is(checks, "controller-api", "is for root only", "use sudo");
    }

    [Fact]
    public void Without_agent_and_controller_each_is_named_and_so_is_what_an_agent_would_miss()
    {
        Product.Kill9(pair.Product.Controller);
        Broken("controller-api", "the controller does not answer", "start merlon-controller", BrokenMachine.NotBroken);
        Product.Until("the agent knows", TimeSpan.FromSeconds(10), () => Doctor(BrokenMachine.NotBroken).Any(c => c is { Name: "controller", Result: "broken" }));
        Product.Kill9(pair.Product.Agent);
        Broken("agent", "the agent does not answer", "start merlon-agent", BrokenMachine.NotBroken);
        Broken("libvirt", "no libvirt daemon is running", "systemctl start libvirtd", "mkdir -p /run/libvirt; mount -t tmpfs none /run/libvirt");
        var program = Path.Combine(_folder.FullName, "firewall.bpf.o");
        string[] command = ["env", $"MERLON_AGENT={_folder.FullName}/merlon-agent", .. Command];
        Is(Parse(BrokenMachine.Run(BrokenMachine.NotBroken, command)), "program", $"{program} is missing", "reinstall Merlon");
        File.WriteAllText(program, "something else");
        Is(Parse(BrokenMachine.Run(BrokenMachine.NotBroken, command)), "program", $"{program} is not a BPF object", "./dev build");
    }

    [Fact]
    public void Stale_pins_are_named()
    {
        Product.Kill9(pair.Product.Agent);
        var marker = new PinnedMap(Path.Combine(pair.Product.Paths.Bpf, "marker"));
        marker.WithWord(0, 77, () => Broken("pins", $"has pins of ABI 77, this version needs {AbiLimits.Version}", "merlon-agent remove --instance", BrokenMachine.NotBroken));
        marker.Away(() => Broken("pins", "was left half made", "merlon-agent remove --instance", BrokenMachine.NotBroken));
    }

    [Fact]
    public void A_damaged_certificate_is_named()
    {
        var file = Path.Combine(pair.Product.Paths.Pki, "agent.pem");
        Broken("certificate agent", $"{file} is not a readable certificate", "move ", BrokenMachine.Emptied(file));
    }

    [Fact]
    public void A_foreign_program_before_ours_is_named()
    {
        Assert.SkipUnless(KernelProbe.HasTcx, "the order of clsact filters is theirs by priority");
        using var foreign = new ForeignProgram(pair.Host.Host);
        using var before = foreign.AttachTcx(pair.Ifname, egress: false, first: true);
        Product.Until("the alarm", TimeSpan.FromSeconds(5), () => Doctor(BrokenMachine.NotBroken).Any(c =>
            c is { Name: "not-guarding", Result: "warning" } && c.Found.StartsWith($"{pair.Ifname} of a: ", StringComparison.Ordinal)));
        Product.Until("it is put right", TimeSpan.FromSeconds(5), () => !Doctor(BrokenMachine.NotBroken).Any(c => c.Name == $"interface {pair.Ifname}"));
        pair.AssertOpenPassesAndShutDoesNot();
    }

    private string[] Command => [Repository.Bin("merlon"), "--instance", pair.Product.Paths.Instance, "doctor", "-o", "json"];

    private ShellResult Run(string breakage) => BrokenMachine.Run(breakage, Command);

    private IReadOnlyList<DoctorCheck> Doctor(string breakage) => Parse(Run(breakage));

    private void Broken(string check, string found, string mend, string breakage)
    {
        var said = Run(breakage);
        Assert.Equal(1, said.Code);
        Is(Parse(said), check, found, mend);
    }

    private static void Is(IReadOnlyList<DoctorCheck> checks, string check, string found, string mend)
    {
        var one = checks.Single(c => c.Name == check);
        Assert.Equal("broken", one.Result);
        Assert.Contains(found, one.Found, StringComparison.Ordinal);
        Assert.Contains(mend, one.Mend, StringComparison.Ordinal);
    }

    private static IReadOnlyList<DoctorCheck> Parse(ShellResult said) => said.Out.Length > 0
        ? JsonSerializer.Deserialize(said.Out, ApiJson.Default.IReadOnlyListDoctorCheck)!
        : throw new InvalidOperationException($"exit {said.Code}: {said.Error}");
}
