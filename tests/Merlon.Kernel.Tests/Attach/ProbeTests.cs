using AwesomeAssertions;
using Merlon.Datapath;
using Merlon.Kernel.Tests.Fixtures;
using Xunit;

namespace Merlon.Kernel.Tests.Attach;

public class ProbeTests
{
    [Fact]
    public void Tcx_is_found_where_the_kernel_is_new_enough_and_nowhere_else() =>
        KernelProbe.HasTcx.Should().Be(Needs.Kernel >= new Version(6, 6));
}
