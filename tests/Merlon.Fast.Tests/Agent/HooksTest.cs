using AwesomeAssertions;
using Merlon.Agent.Sync;
using Merlon.Datapath.Abi;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>Hooks come on beside the rest, and no port is opened without them.</summary>
public sealed class HooksTest
{
    private readonly PretendedKernel _kernel = new();
    private readonly PortKeeper _ports;
    private readonly HostPlan _plan = Samples.Plan(HostBook.Empty, Samples.Policy(1, Samples.Endpoint(1, "10.8.0.1")), "digest");
    private readonly TaskCompletionSource<IReadOnlyDictionary<int, KernelFault>> _hooks = new();

    public HooksTest()
    {
        _ports = new(_kernel, NullLogger.Instance);
        _kernel.Hooks = _hooks.Task;
    }

    private WantedPort[] Wanted => [new(1, "tap1", _plan.Nics[0])];

    private bool Closed => _kernel.Ports()[1].Flags.HasFlag(PortFlags.Closed);

    [Fact]
    public void A_port_that_no_policy_names_waits_for_nothing()
    {
        BeginUnnamed();
        Closed.Should().BeTrue();
    }

    [Fact]
    public async Task A_port_is_opened_when_its_hooks_are_there_though_they_were_begun_before_its_policy()
    {
        BeginUnnamed();
        var settled = Task.Run(Reconcile, TestContext.Current.CancellationToken);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        (settled.IsCompleted, Closed).Should().Be((false, true));
        _hooks.SetResult(new Dictionary<int, KernelFault>());
        await settled;
        Closed.Should().BeFalse();
        _kernel.Changes.Count(c => c == "attach").Should().Be(1);
    }

    [Fact]
    public void Hooks_that_fail_leave_the_port_closed_and_are_tried_again()
    {
        BeginUnnamed();
        _kernel.Detach(1);
        _hooks.SetResult(new Dictionary<int, KernelFault> { [1] = new("no memory", null) });
        Reconcile();
        Closed.Should().BeTrue();
        _ports.Problems.Should().Contain(1, "no memory");
        _kernel.Hooks = null;
        Reconcile();
        _kernel.Changes.Count(c => c == "attach").Should().Be(2);
        Closed.Should().BeFalse();
        _ports.Problems.Should().BeEmpty();
    }

    // Hooks are begun for a port that is in no policy yet.
    private void BeginUnnamed() => Reconcile([new(1, "tap1", null)], null);

    private void Reconcile() => Reconcile(Wanted, _plan);

    private void Reconcile(WantedPort[] wanted, HostPlan? plan)
    {
        _ports.Prepare(wanted, plan);
        _ports.Settle(wanted, plan);
    }
}
