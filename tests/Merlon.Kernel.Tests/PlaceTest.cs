namespace Merlon.Kernel.Tests;

public class PlaceTest
{
    [Xunit.Fact]
    public void The_suite_runs() => Xunit.Assert.NotEqual(0, Environment.ProcessId);
}
