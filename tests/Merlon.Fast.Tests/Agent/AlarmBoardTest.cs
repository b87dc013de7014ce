using AwesomeAssertions;
using Merlon.Agent.Status;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public class AlarmBoardTest
{
    private readonly AlarmBoard _board = new(TimeProvider.System, NullLogger.Instance);

    [Fact]
    public void An_alarm_that_comes_up_comes_back_or_says_something_else_is_news_once()
    {
        Raise("detached").Should().BeTrue();
        Raise("detached").Should().BeFalse("that is known");
        Raise("overtaken").Should().BeTrue();
        _board.Over("not-guarding", "tap1");
        _board.TakeRaised().Should().BeFalse("an end waits for the next status");
        Raise("overtaken").Should().BeTrue("it was over");
        _board.List().Should().ContainSingle().Which.Message.Should().Be("overtaken");
    }

    [Fact]
    public void Of_a_guests_doing_the_first_and_one_more_word_are_news_while_it_is_on_the_board()
    {
        bool Guest(string message)
        {
            _board.Raise("over-budget", "vm", message, byGuest: true);
            return _board.TakeRaised();
        }
        Guest("with a").Should().BeTrue();
        Guest("with a").Should().BeFalse();
        Guest("with b").Should().BeTrue("the first word may have come before the peer was known");
        Guest("with a").Should().BeFalse();
        _board.Over("over-budget", "vm");
        Guest("with c").Should().BeFalse();
        _board.List().Should().ContainSingle().Which.Message.Should().Be("with c");
    }

    private bool Raise(string message)
    {
        _board.Raise("not-guarding", "tap1", message);
        return _board.TakeRaised();
    }
}
