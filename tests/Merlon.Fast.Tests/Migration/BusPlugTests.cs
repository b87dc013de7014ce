using AwesomeAssertions;
using Merlon.Agent;
using Merlon.Agent.Migration.Bus;
using Merlon.Libvirt.Domains;
using Merlon.Libvirt.Metadata;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merlon.Fast.Tests.Migration;

/// <summary>Which QEMUs get the object, in what order, and which lose it.</summary>
public sealed class BusPlugTests : BusPlug.IMonitor, BusPlug.IBoard
{
    private const string Vm = "00000000-0000-4000-8000-000000000001", Refused = """{"error":{"class":"GenericError"}}""", Done = """{"return":{}}""";
    private readonly List<string> _done = [];
    private TaskCompletionSource _ends = new();
    private Exception? _fault;
    private readonly Queue<string> _answers = [];
    private bool _connected, _noBoard;

    string? BusPlug.IMonitor.Ask(string vm, string command)
    {
        _done.Add(command.Contains("object-add", StringComparison.Ordinal) ? "add" : "del");
        var answer = _answers.TryDequeue(out var said) ? said : Done;
        _connected = answer == Done && _done[^1] == "add";
        return answer;
    }

    void BusPlug.IMonitor.Mark(string vm, bool carried) => _done.Add(carried ? "mark" : "unmark");

    string BusPlug.IBoard.SocketOf(string vm) => "/run/x";

    bool BusPlug.IBoard.Runs(string vm, uint user) => _noBoard ? throw new AgentFault("no-board", "none", "none") : _fault is null ? _connected : throw _fault;

    Task BusPlug.IBoard.Watch(CancellationToken stop) => _ends.Task;

    private static DomainInfo Domain(QemuObject has, bool executes = true, uint? user = 0) => new(Vm, "a", true, [], VmMetadata.None, null, has, user, executes);

    private BusPlug Keep(DomainInfo domain, bool carries)
    {
        var plug = new BusPlug(this, NullLogger.Instance);
        plug.Keep([domain], carries ? new HashSet<string> { Vm } : [], this, CancellationToken.None);
        return plug;
    }

    [Fact]
    public void A_VM_that_does_not_carry_is_left_alone()
    {
        Keep(Domain(QemuObject.None), carries: false).BoardEnds.Should().BeNull();
        _done.Should().BeEmpty();
    }

    [Fact]
    public void One_that_carries_is_marked_before_it_gets_the_object()
    {
        Keep(Domain(QemuObject.None), carries: true).BoardEnds.Should().BeSameAs(_ends.Task);
        _done.Should().Equal("mark", "add");
    }

    [Fact]
    public void What_QEMU_refuses_leaves_no_mark()
    {
        for (var i = 0; i < 3; i++) _answers.Enqueue(Refused);
        Keep(Domain(QemuObject.None), carries: true);
        _done.Should().Equal("mark", "add", "del", "add", "unmark");
    }

    [Fact]
    public void Without_a_board_no_QEMU_gets_the_object()
    {
        _noBoard = true;
        Keep(Domain(QemuObject.None), carries: true);
        _done.Should().BeEmpty();
    }

    [Fact]
    public void Nor_one_whose_user_is_not_known()
    {
        Keep(Domain(QemuObject.None, user: null), carries: true);
        _done.Should().BeEmpty();
    }

    [Fact]
    public void Nor_one_that_is_still_on_its_way()
    {
        Keep(Domain(QemuObject.None, executes: false), carries: true);
        _done.Should().BeEmpty();
    }

    [Theory]
    [InlineData(QemuObject.Added, true)]
    [InlineData(QemuObject.Argument, true)]
    [InlineData(QemuObject.Argument, false)]
    public void One_whose_board_was_lost_is_connected_anew_whether_or_not_its_Guard_still_says_so(QemuObject has, bool carries)
    {
        _answers.Enqueue(Refused); // it has one
        Keep(Domain(has), carries);
        _done.Should().Equal("add", "del", "add");
    }

    [Fact]
    public void Where_the_Guard_no_longer_says_so_the_object_goes_and_then_the_mark()
    {
        Keep(Domain(QemuObject.Added), carries: false);
        _done.Should().Equal("del", "unmark");
    }

    /// <summary>Whoever waits for changes waits for the board's end too: one that is past would let him wait no more.</summary>
    [Theory]
    [InlineData(false, true, false)]
    [InlineData(true, false, false)]
    [InlineData(true, true, true)]
    public void A_board_that_ended_is_watched_no_longer_whether_or_not_there_is_another(bool wanted, bool executes, bool noBoard)
    {
        var plug = Keep(Domain(QemuObject.None), carries: true);
        _ends.SetResult();
        _noBoard = noBoard;
        plug.Keep([Domain(QemuObject.Added, executes)], wanted ? new HashSet<string> { Vm } : [], this, CancellationToken.None);
        plug.BoardEnds.Should().BeNull();
    }

    [Fact]
    public void The_next_board_is_watched_in_its_place()
    {
        var plug = Keep(Domain(QemuObject.None), carries: true);
        _ends.SetResult();
        _ends = new();
        plug.Keep([Domain(QemuObject.Added)], new HashSet<string> { Vm }, this, CancellationToken.None);
        plug.BoardEnds.Should().BeSameAs(_ends.Task);
    }

    /// <summary>Its failures are its own: the part that speaks to libvirt goes on.</summary>
    [Theory]
    [InlineData(typeof(System.ComponentModel.Win32Exception))]
    [InlineData(typeof(EntryPointNotFoundException))]
    [InlineData(typeof(UnauthorizedAccessException))]
    public void Whatever_a_board_fails_by_nobody_else_does(Type fault)
    {
        _fault = (Exception)Activator.CreateInstance(fault)!;
        Keep(Domain(QemuObject.None), carries: true).BoardEnds.Should().BeNull();
        _done.Should().BeEmpty();
    }

    [Fact]
    public void All_lose_it_but_those_that_were_started_with_it()
    {
        BusPlug.UnplugAll([Domain(QemuObject.Added), Domain(QemuObject.None), Domain(QemuObject.Argument)], this).Should().Be(1);
        _done.Should().Equal("del", "unmark");
    }
}
