using AwesomeAssertions;
using Merlon.Agent;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public class AgentOptionsTest
{
    [Fact]
    public void An_instance_moves_every_path()
    {
        var options = AgentOptions.Parse(["--instance", "lab", "--libvirt", "none"]);
        options.LibvirtUri.Should().BeNull();
        options.Controller.Should().Be("unix:/run/merlon-lab/controller.sock");
        options.Paths.Bpf.Should().Be("/sys/fs/bpf/merlon-lab");
        options.ShortCut.Should().BeTrue();
        AgentOptions.Parse(["--short-cut", "off"]).ShortCut.Should().BeFalse();
    }

    [Theory]
    [InlineData("--instance", "../x")]
    [InlineData("--controller", "http://plain")]
    [InlineData("--controller", "unix:relative")]
    [InlineData("--nonsense", "1")]
    [InlineData("--host")]
    [InlineData("--short-cut", "maybe")]
    public void A_word_that_is_wrong_is_refused(params string[] words)
    {
        var parse = () => AgentOptions.Parse(words);
        parse.Should().Throw<AgentFault>().Where(f => f.Code == "usage");
    }
}
