using Merlon.Contracts;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.BadInput;

/// <summary>An agent that cannot work says why in one line with a code and the mend, exits with 1 and leaves another one alone.</summary>
[Collection(GuardedPairCollection.Name)]
public sealed class AgentStartTests : IDisposable
{
    private readonly GuardedPair _pair;
    private readonly InstancePaths _other;
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-test-").FullName;

    public AgentStartTests(GuardedPair pair)
    {
        _pair = pair;
        _other = InstancePaths.Parse(pair.Product.Paths.Instance + "x")!;
    }

    [Fact]
    public void A_second_agent_of_the_instance_gives_way()
    {
        var before = _pair.Standing();
        Refused("already-running", "stop that agent", Start(BrokenMachine.NotBroken, _pair.Product.Paths));
        Assert.False(_pair.Product.Agent!.HasExited);
        Assert.Contains("\"attached\": true", _pair.Product.Cli("get", "nic", "-o", "json").Ok(), StringComparison.Ordinal);
        Assert.Equal(before, _pair.Standing());
    }

    [Theory]
    [InlineData(BrokenMachine.NoBpffs, "bpffs-missing", "mount -t bpf bpf /sys/fs/bpf")]
    [InlineData(BrokenMachine.ReadOnlyBpffs, "bpffs-not-writable", "mount -o remount,rw /sys/fs/bpf")]
    [InlineData("btf", "no-btf", "umount /sys/kernel/btf/vmlinux")]
    [InlineData("read-only /var/lib", "files", "read-only?")]
    public void Broken_surroundings_are_named(string breakage, string code, string mend)
    {
        Refused(code, mend, Start(breakage switch
        {
            "btf" => BrokenMachine.Emptied("/sys/kernel/btf/vmlinux"),
            "read-only /var/lib" => "mount --bind /var/lib /var/lib; mount -o remount,bind,ro /var/lib",
            _ => breakage,
        }, _other));
        _pair.AssertOpenPassesAndShutDoesNot();
    }

    [Fact]
    public void A_missing_or_damaged_program_file_is_named()
    {
        Refused("object-missing", "--object", Start(BrokenMachine.NotBroken, _other, "--object", Path.Combine(_folder, "none.o")));
        foreach (var length in new[] { 0, 64, 4096 })
        {
            var damaged = Path.Combine(_folder, $"{length}.o");
            File.WriteAllBytes(damaged, File.ReadAllBytes(Repository.Object)[..length]);
            Refused("object-unreadable", "reinstall Merlon", Start(BrokenMachine.NotBroken, _other, "--object", damaged));
        }
    }

    [Fact]
    public void A_damaged_book_is_named()
    {
        Directory.CreateDirectory(_other.Var);
        File.WriteAllText(Path.Combine(_other.Var, "state.json"), "{torn");
        Refused("state-unreadable", "move the file away", Start(BrokenMachine.NotBroken, _other));
    }

    [Fact]
    public void Without_root_it_says_so()
    {
        string[] agent = [.. _pair.AgentCommand(_other.Instance).SkipWhile(w => !w.EndsWith("merlon-agent", StringComparison.Ordinal))];
        Refused("permission", "sudo", Shell.Run(BrokenMachine.Nobody[0], [.. BrokenMachine.Nobody[1..], .. agent]));
        Assert.False(Directory.Exists(_other.Var));
    }

    [Theory]
    [InlineData("--instance", "no/name")]
    [InlineData("--controller", "http://plain:80")]
    [InlineData("--colour", "red")]
    public void A_word_it_does_not_know_is_named(string option, string value) =>
        Refused("usage", "merlon-agent help", Start(BrokenMachine.NotBroken, _other, option, value));

    /// <summary>The control: with nothing broken the same start works.</summary>
    [Fact]
    public void With_nothing_broken_it_starts()
    {
        var untilItListens = $"(while [ ! -S {_other.AgentSocket} ]; do sleep 0.1; done; kill $$) &";
        var said = BrokenMachine.Run(untilItListens, _pair.AgentCommand(_other.Instance));
        Assert.Equal(0, said.Code);
        Assert.Contains("stopped; the kernel goes on enforcing", said.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_other.Bpf, "marker")));
        Assert.Equal($"detached 0 interfaces, removed {_other.Bpf}: nothing is guarded\n", Remove());
        Assert.Equal($"nothing to remove: {_other.Bpf} is not there\n", Remove());
    }

    public void Dispose()
    {
        Remove();
        foreach (var folder in new[] { _folder, _other.Var, _other.Run })
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    private string Remove() => Shell.Run("nsenter", $"--net={_pair.Host.Host.Path}", Repository.Bin("merlon-agent"), "remove", "--instance", _other.Instance).Ok();

    private ShellResult Start(string breakage, InstancePaths paths, params string[] more) =>
        BrokenMachine.Run(breakage, _pair.AgentCommand(paths.Instance, more));

    private static void Refused(string code, string mend, ShellResult said)
    {
        Assert.Equal((1, ""), (said.Code, said.Out));
        var line = Assert.Single(said.Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("error: merlon-agent: ", line, StringComparison.Ordinal);
        Assert.Contains($"[{code}]; ", line, StringComparison.Ordinal);
        Assert.Contains(mend, line[line.IndexOf("]; ", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }
}
