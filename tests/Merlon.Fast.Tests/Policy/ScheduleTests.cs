using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

public class ScheduleTests
{
    private const long Minute = 60, Day = 86_400;

    /// <summary>The intervals that the agent gets say of every minute what the schedule says of it, over a year of set clocks.</summary>
    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("America/New_York")]
    [InlineData("Australia/Lord_Howe")]
    [InlineData("Asia/Kathmandu")]
    [InlineData("UTC")]
    public void Intervals_and_schedule_say_the_same_of_every_minute(string zone)
    {
        var dice = new Dice(7);
        for (var round = 0; round < 6; round++)
        {
            var schedule = new WeeklySchedule(zone, [.. Enumerable.Range(0, 1 + dice.Below(3)).Select(_ => Span(dice))]);
            var from = Horizon.WeekOf(Unix(2027, 1, 1) + dice.Below(360) * Day);
            var intervals = schedule.Between(from, from + 35 * Day);
            var inside = 0;
            for (var at = from; at < from + 35 * Day; at += Minute)
            {
                var active = intervals.Any(i => i.Contains(at));
                Assert.True(active == schedule.Contains(at), $"{zone} {string.Join(", ", schedule.Times)} at {DateTimeOffset.FromUnixTimeSeconds(at):u}");
                if (active) inside++;
            }
            Assert.InRange(inside, 1, 35 * 1440 - 1);
        }
    }

    [Fact]
    public void A_week_begins_on_Monday_and_four_more_are_laid_out()
    {
        var (monday, sunday) = (Unix(2027, 1, 4), Unix(2027, 1, 10) + Day - 1);
        Assert.Equal((monday, monday, monday - 7 * Day), (Horizon.WeekOf(monday), Horizon.WeekOf(sunday), Horizon.WeekOf(monday - 1)));
        Assert.True(Horizon.EndOf(sunday) - sunday > 14 * Day);
    }

    [Fact]
    public void What_is_laid_out_is_the_same_all_week_and_for_the_instants_at_which_rules_turn()
    {
        var scene = new Scene(Scene.Group("web", "{select: {labels: {t: web}}}")
            + Scene.Rules("p", "name: a, from: [any], to: [group/web], services: [tcp], action: allow, schedule: {zone: Europe/Berlin, times: [mon-fri 08:00-18:00]}")
            + Scene.VmsOf([Scene.Vm("web-1", "t: web", "10.0.0.1")]));
        var monday = Unix(2027, 1, 4);
        HostPolicy Laid(long at) => Resolver.Resolve(scene.Set, scene.Inventory, "", 1, at).Policy;
        Assert.Equal(Laid(monday).RuleLists[1].Rules[0].Active, Laid(monday + 6 * Day).RuleLists[1].Rules[0].Active);
        Assert.Equal(25, Laid(monday).RuleLists[1].Rules[0].Active.Length);
        Assert.Equal(monday + 7 * 3600, Laid(monday).NextChange(monday));
        Assert.Equal(monday + 17 * 3600, Laid(monday).NextChange(monday + 7 * 3600));
    }

    private static WeeklySpan Span(Dice dice)
    {
        var start = dice.Below(1440);
        var end = 1 + dice.Below(1440);
        return new((DayOfWeek)dice.Below(7), (DayOfWeek)dice.Below(7), start, end == start ? end + 1 : end);
    }

    private static long Unix(int year, int month, int day) => new DateTimeOffset(year, month, day, 0, 0, 0, default).ToUnixTimeSeconds();
}
