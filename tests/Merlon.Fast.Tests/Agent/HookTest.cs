using System.Diagnostics;
using AwesomeAssertions;
using Merlon.Agent;
using Merlon.Agent.Gate;
using Merlon.Contracts;
using Merlon.Contracts.Api;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public sealed class HookTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon hook's").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("db-1", "start", "begin", true)]
    [InlineData("db-1", "release", "end", true)]
    [InlineData("db-1", "migrate", "begin", true)]
    [InlineData("db-1", "restore", "begin", true)]
    [InlineData("db-1", "prepare", "begin", false)]
    [InlineData("db-1", "started", "begin", false)]
    [InlineData("merlon-probe", "prepare", "begin", true)]
    [InlineData("$(touch pwned) `id` 'x' \"y\" * ; -- start:", "start", "begin", true)]
    [InlineData("merlon-probe-2", "prepare", "begin", false)]
    [InlineData("start:x", "stopped", "end", false)]
    public void The_file_runs_the_binary_for_what_it_must_decide_and_hands_every_name_on_as_it_is(string name, string operation, string suboperation, bool runs)
    {
        var binary = Path.Combine(_folder, "agent");
        File.WriteAllText(binary, "#!/bin/sh\nfor word; do printf '[%s]' \"$word\"; done\n");
        File.SetUnixFileMode(binary, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var file = new HookFile(_folder);
        file.Install(AgentOptions.Parse(["--instance", "lab", "--object", "/opt/it's/firewall.bpf.o"]), binary);
        using var hook = Process.Start(new ProcessStartInfo(file.Path, [name, operation, suboperation, "-"]) { RedirectStandardOutput = true, RedirectStandardInput = true, WorkingDirectory = _folder })!;
        hook.StandardInput.Close();
        var said = hook.StandardOutput.ReadToEnd();
        hook.WaitForExit();
        (hook.ExitCode, said).Should().Be((0, runs ? $"[hook][qemu][--instance][lab][--object][/opt/it's/firewall.bpf.o][--][{name}][{operation}][{suboperation}][-]" : ""));
        Directory.GetFiles(_folder, "pwned").Should().BeEmpty();
        Directory.GetFiles(Path.GetDirectoryName(file.Path)!).Should().Equal(file.Path);
        (file.Remove(), file.Remove()).Should().Be((true, false));
    }

    [Fact]
    public void Only_the_nonce_of_the_last_question_proves_anything()
    {
        var proof = new HookProof();
        var first = proof.Ask();
        var second = proof.Ask();
        (proof.Answer(first), proof.Answer(""), proof.Answer(second + "0"), proof.IsLive).Should().Be((false, false, false, false));
        (proof.Answer(second), proof.IsLive).Should().Be((true, true));
        proof.Answer(second).Should().BeFalse();
        proof.Asked("the hook refused it");
        proof.IsLive.Should().BeTrue();
        proof.Withdraw("libvirt does not answer");
        proof.Record.Should().Be(new StartGateRecord(false, "libvirt does not answer"));
        proof.Ask();
        proof.Asked("no such file");
        proof.Record.Should().Be(new StartGateRecord(false, "libvirt did not call it for a start that was tried: no such file"));
    }

    [Fact]
    public void The_kernel_is_one_ones_at_a_time()
    {
        var path = Path.Combine(_folder, "kernel.lock");
        using (HeldFile.TryTake(path)) HeldFile.TryTake(path).Should().BeNull();
        using var free = HeldFile.TryTake(path);
        free.Should().NotBeNull();
    }
}
