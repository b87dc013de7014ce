using Merlon.Agent.Judge;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>Where real packets could come into the middle of a test run, none is made.</summary>
public sealed class TraceDoorTest
{
    [Theory]
    [InlineData("6.1.0")]
    [InlineData("6.2.16")]
    public void An_old_kernel_is_refused_with_its_version_and_a_mend(string kernel)
    {
        var refused = TraceDoor.TooOld(Version.Parse(kernel));
        Assert.Equal(("old-kernel", $"this kernel ({kernel}) cannot run a test packet apart from real ones", "boot 6.3 or newer; 'merlon explain' and 'merlon capture' work here"),
            (refused?.Code, refused?.Message, refused?.Mend));
    }

    [Theory]
    [InlineData("6.3.0")]
    [InlineData("6.12.48")]
    [InlineData("7.0.0")]
    public void From_6_3_on_a_packet_is_played(string kernel) => Assert.Null(TraceDoor.TooOld(Version.Parse(kernel)));
}
