using Merlon.Cli;
using Merlon.Contracts;
using Merlon.Fast.Tests.Cli;
using Xunit;
using TwoHostLab = Merlon.Cli.Commands.Lab.Lab;

namespace Merlon.Fast.Tests.Lab;

public class TwoHostsTests
{
    [Fact]
    public void The_second_host_is_the_instance_of_the_next_name()
    {
        var lab = new TwoHostLab(InstancePaths.Parse("lab")!);
        Assert.Equal(("host-1", "merlon-lab", "host-2", "merlon-lab-2"), (lab.First.Name, lab.First.Namespace, lab.Second.Name, lab.Second.Namespace));
        var longest = new TwoHostLab(InstancePaths.Parse(new string('n', 32))!);
        Assert.Equal(32 + "merlon-".Length, longest.First.Namespace.Length);
        Assert.Contains("too long", Assert.Throws<CliException>(() => longest.Second).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, "error: the lab is not up; start it with 'merlon lab up'\n", "lab", "migrate", "web-1")]
    [InlineData(3, "error: the lab is not up; start it with 'merlon lab up'\n", "lab", "migrate", "web-1", "host-2")]
    [InlineData(3, "error: the lab has no VM 'web-9'; it has web-1, web-2, db-1, intruder, plain-1\n", "lab", "migrate", "web-9")]
    [InlineData(3, "error: the lab is not up; start it with 'merlon lab up'\n", "lab", "virsh", "--on", "host-2", "list")]
    public async Task What_cannot_be_done_is_said_with_its_exit_code(int code, string error, params string[] line)
    {
        var said = await CommandLine.Run(line);
        Assert.Equal((code, "", error), (said.Code, said.Out, said.Error));
    }

    [Fact]
    public async Task A_lab_has_one_host_or_two() => Assert.Contains("--hosts is 1 or 2", (await CommandLine.Run("lab", "up", "--hosts", "3")).Error, StringComparison.Ordinal);
}
