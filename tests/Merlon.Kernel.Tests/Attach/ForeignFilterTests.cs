using AwesomeAssertions;
using Merlon.Datapath.Attach;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Fixtures;
using Xunit;

namespace Merlon.Kernel.Tests.Attach;

/// <summary>Others' programs on a guarded interface keep working, before and after ours.</summary>
public class ForeignFilterTests
{
    private const int Open = 7789;

    [Theory]
    [InlineData(AttachKind.Tcx, AttachKind.Tcx, false)]
    [InlineData(AttachKind.Tcx, AttachKind.Tcx, true)]
    [InlineData(AttachKind.Tcx, AttachKind.Clsact, false)]
    [InlineData(AttachKind.Tcx, AttachKind.Clsact, true)]
    [InlineData(AttachKind.Clsact, AttachKind.Clsact, false)]
    [InlineData(AttachKind.Clsact, AttachKind.Clsact, true)]
    public void What_Merlon_allows_a_foreign_filter_after_it_still_drops(AttachKind ours, AttachKind theirs, bool egress)
    {
        Needs.Tcx(ours, theirs);
        using var cable = new Cable(ours);
        using var foreign = new ForeignProgram(cable.Host);
        var at = egress ? cable.Db : cable.Web;
        cable.Delivered(Open).Should().Be(20);
        cable.Delivered(ForeignProgram.Refused).Should().Be(20, "nobody but the foreign filter refuses it");

        using (Add(cable, foreign, theirs, at, egress))
        {
            cable.OnHost(() => cable.Attacher.Verify(cable.Ifindex(at)).First.Should().BeTrue());
            cable.Delivered(Open).Should().Be(20);
            cable.Delivered(ForeignProgram.Refused).Should().Be(0);
        }
        cable.Delivered(ForeignProgram.Refused).Should().Be(20);
    }

    [Theory]
    [InlineData(AttachKind.Tcx)]
    [InlineData(AttachKind.Clsact)]
    public void A_foreign_program_before_ours_is_seen_and_overtaken_and_stays(AttachKind kind)
    {
        Needs.Tcx(kind);
        const int forbidden = 7791;
        using var cable = new Cable(kind);
        using var foreign = new ForeignProgram(cable.Host);
        cable.Delivered(forbidden).Should().Be(0);
        using var tampered = new Tampered(cable, foreign, kind);
        cable.OnHost(() => cable.Attacher.Verify(cable.Ifindex(cable.Db)).Problem.Should().Be("another program sees packets before Merlon (to_vm)"));
        cable.OnHost(() => cable.Attacher.Verify(cable.Ifindex(cable.Web)).Problem.Should().Be("another program sees packets before Merlon (from_vm)"));
        cable.Delivered(forbidden).Should().Be(20, "what the foreign program accepts does not reach Merlon");

        cable.OnHost(() =>
        {
            foreach (var guest in new[] { cable.Web, cable.Db }) cable.Attacher.Attach(cable.Ifindex(guest), 7);
            foreach (var guest in new[] { cable.Web, cable.Db }) cable.Attacher.Verify(cable.Ifindex(guest)).Problem.Should().BeNull();
        });
        cable.Delivered(forbidden).Should().Be(0);
        cable.Delivered(Open).Should().Be(20);
        cable.Delivered(ForeignProgram.Refused).Should().Be(0, "the foreign program still works, behind ours");
    }

    [Fact]
    public void Detaching_clsact_filters_leaves_the_filters_of_others()
    {
        using var cable = new Cable(AttachKind.Clsact);
        using var foreign = new ForeignProgram(cable.Host);
        foreign.AttachClsact(cable.Db.Ifname, egress: true, priority: 2);

        cable.OnHost(() =>
        {
            cable.Attacher.Detach(cable.Ifindex(cable.Web));
            cable.Attacher.Detach(cable.Ifindex(cable.Db));
        });

        foreign.Tc("qdisc", "show", "dev", cable.Web.Ifname).Should().NotContain("clsact");
        foreign.Tc("filter", "show", "dev", cable.Db.Ifname, "egress").Should().Contain("foreign").And.NotContain("to_vm");
        cable.Delivered(7791).Should().Be(20, "nothing of ours is left");
        cable.Delivered(ForeignProgram.Refused).Should().Be(0);
    }

    [Fact]
    public void A_clsact_qdisc_that_others_made_stays_even_when_it_is_empty()
    {
        Needs.Tcx();
        using var cable = new Cable(AttachKind.Tcx);
        using var foreign = new ForeignProgram(cable.Host);
        foreign.Tc("qdisc", "add", "dev", cable.Db.Ifname, "clsact");
        cable.OnHost(() =>
        {
            cable.Attacher.Kind = AttachKind.Clsact;
            cable.Attacher.Attach(cable.Ifindex(cable.Db), 7);
            cable.Attacher.Verify(cable.Ifindex(cable.Db)).Kind.Should().Be(AttachKind.Clsact);
            cable.Attacher.Detach(cable.Ifindex(cable.Db));
        });
        foreign.Tc("qdisc", "show", "dev", cable.Db.Ifname).Should().Contain("clsact");
        foreign.Tc("filter", "show", "dev", cable.Db.Ifname, "egress").Should().BeEmpty();
    }

    private static IDisposable Add(Cable cable, ForeignProgram foreign, AttachKind kind, Guest at, bool egress)
    {
        if (kind == AttachKind.Tcx) return foreign.AttachTcx(at.Ifname, egress, first: false);
        if (cable.Attacher.Kind == AttachKind.Tcx) foreign.Tc("qdisc", "add", "dev", at.Ifname, "clsact");
        foreign.AttachClsact(at.Ifname, egress, priority: 2);
        return new Removal(() => foreign.Tc("filter", "del", "dev", at.Ifname, egress ? "egress" : "ingress", "prio", "2"));
    }

    /// <summary>The foreign program first at both ends.</summary>
    private sealed class Tampered : IDisposable
    {
        private readonly List<IDisposable> _links = [];

        public Tampered(Cable cable, ForeignProgram foreign, AttachKind kind)
        {
            foreach (var (guest, egress) in new[] { (cable.Web, false), (cable.Db, true) })
                if (kind == AttachKind.Tcx) _links.Add(foreign.AttachTcx(guest.Ifname, egress, first: true));
                else foreign.AttachClsact(guest.Ifname, egress, priority: 1);
        }

        public void Dispose() => _links.ForEach(l => l.Dispose());
    }

    private sealed class Removal(Action remove) : IDisposable
    {
        public void Dispose() => remove();
    }
}
