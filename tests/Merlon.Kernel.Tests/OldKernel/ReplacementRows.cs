using AwesomeAssertions;
using Merlon.Datapath;
using Merlon.Hosts.Tests.Traffic;
using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests.OldKernel;

/// <summary>A new agent with another object takes over under load. It has a cable of its own, whose programs it changes.</summary>
[Collection(OldKernelCollection.Name), Trait(OldKernelCable.Trait, OldKernelCable.Value)]
public class ReplacementRows
{
    [Fact]
    public async Task Programs_change_under_load_and_nothing_is_lost_or_let_through()
    {
        using var cable = new Cable();
        // A byte behind the end of an ELF file says nothing, and makes another file of it.
        var next = Path.Combine(Path.GetTempPath(), $"next-{Environment.ProcessId}.o");
        File.WriteAllBytes(next, [.. File.ReadAllBytes(KernelObject.Path), 0]);
        var before = Programs(cable, cable.World.Kernel);
        using var allowed = new UdpCounter(cable.Db, 7789);
        using var forbidden = new UdpCounter(cable.Db, 7791);
        using var stop = new CancellationTokenSource();
        var sending = Task.Run(() => TwoPorts.Send(cable.Web, cable.Db, 7789, 7791, stop.Token));

        // A clsact filter is changed by the number of its interface: in its namespace.
        using var newer = cable.Host.Enter(() => KernelDatapath.Open(new(next, cable.World.Folder, 4096, 4096, 1024)));
        Thread.Sleep(200);
        await stop.CancelAsync();
        var sent = await sending;

        Programs(cable, newer).Should().HaveCount(4).And.NotIntersectWith(before);
        sent.Should().BeGreaterThan(100, "the load was there all the time");
        for (var wait = 0; wait < 100 && allowed.Seen().Count < sent; wait++) Thread.Sleep(50);
        allowed.Seen().Count.Should().Be(sent);
        forbidden.Seen().Should().BeEmpty();
        cable.Delivered(7790).Should().Be(20, "the newer program works");
    }

    /// <summary>Numbers of the programs that run at both hooks of both guests.</summary>
    private static List<uint> Programs(Cable cable, KernelDatapath datapath)
    {
        var ids = new List<uint>();
        foreach (var port in new[] { cable.Ifindex(cable.Web), cable.Ifindex(cable.Db) })
            cable.OnHost(() =>
            {
                var state = datapath.Attacher.Verify(port);
                state.Problem.Should().BeNull();
                ids.AddRange([state.FromVm.ProgramId, state.ToVm.ProgramId]);
            });
        return ids;
    }
}
