using AwesomeAssertions;
using Merlon.Datapath.Attach;
using Merlon.Datapath.Links;
using Merlon.Kernel.Tests.Fixtures;
using Xunit;

namespace Merlon.Kernel.Tests.Loading;

public class LeakTests
{
    [Fact]
    public void Descriptors_do_not_leak()
    {
        // The object and the bpffs are made by child processes, whose pipes the runtime serves on other threads: made before.
        LoadedProgram.OfMaps().Dispose();
        using var link = new TapLink();
        var (before, after) = OwnDescriptors.Run(() =>
        {
            Exercise(link.Ifindex);
            var first = OwnDescriptors.Open();
            for (var i = 0; i < 5; i++) Exercise(link.Ifindex);
            return (first, OwnDescriptors.Open());
        });
        after.Should().Equal(before);
    }

    [Fact]
    public void A_descriptor_of_any_kind_that_stays_open_would_be_seen()
    {
        var (before, after) = OwnDescriptors.Run(() =>
        {
            var first = OwnDescriptors.Open();
            using var kept = File.OpenHandle("/dev/null");
            return (first, OwnDescriptors.Open());
        });
        after.Except(before).Should().Contain(fd => fd.EndsWith(" /dev/null", StringComparison.Ordinal));
    }

    // Everything that the agent does with descriptors: load, take over, attach, swap, read, remove.
    private static void Exercise(int ifindex)
    {
        using var program = LoadedProgram.OfMaps();
        program.Reopen();
        var datapath = program.Datapath;
        foreach (var kind in Needs.Kinds)
        {
            datapath.Attacher.Kind = kind;
            datapath.Attacher.Attach(ifindex, 1);
            datapath.Attacher.Verify(ifindex);
            datapath.Attacher.ListAttached();
        }
        datapath.Images.Commit(TestImage.Words(10), [], []);
        datapath.Images.ReadBack();
        datapath.Connections.List();
        datapath.Ports.List();
        LinkTable.List();
        using var reader = datapath.OpenEvents();
        reader.Wait(TimeSpan.Zero);
    }
}
