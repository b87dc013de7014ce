using AwesomeAssertions;
using Merlon.Agent.Flows;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public sealed class FlowLedgerTest : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void What_a_killed_agent_took_and_did_not_deliver_is_missing()
    {
        using (var first = new FlowLedger(_path))
        {
            first.Open(0).Should().Be(0);
            first.Settle(7);
        }
        using var second = new FlowLedger(_path);
        second.Open(10).Should().Be(3);
        second.Settle(2);
        using var third = new FlowLedger(_path);
        third.Open(12).Should().Be(0);
    }

    [Fact]
    public void New_counters_in_the_kernel_start_a_new_account()
    {
        using (var first = new FlowLedger(_path))
        {
            first.Open(0);
            first.Settle(100);
        }
        using var second = new FlowLedger(_path);
        second.Open(0).Should().Be(0);
        second.Settle(5);
        using var third = new FlowLedger(_path);
        third.Open(6).Should().Be(1);
    }
}
