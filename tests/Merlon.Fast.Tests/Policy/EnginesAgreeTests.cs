using Merlon.Policy.Cases;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>The plain evaluator is the truth; the image must say the same to every packet, rule names included.</summary>
public class EnginesAgreeTests(ITestOutputHelper output)
{
    private const int Packets = 25_000;

    [Theory]
    [InlineData(1UL, 1, 150)]
    [InlineData(1000001UL, 3, 75)]
    public void The_image_says_what_the_plain_evaluator_says(ulong firstSeed, int hosts, int policies)
    {
        var verdicts = new Dictionary<Verdict, int>();
        for (var i = 0; i < policies; i++)
        {
            var seed = firstSeed + (ulong)i;
            var random = new RandomPolicy(seed, hosts, wide: true);
            var (plain, image) = (CaseRunner.PlainEngine(random.Set, random.Inventory), CaseRunner.ImageEngine(random.Set, random.Inventory));
            var packets = new RandomPackets(seed, random.Set, random.Inventory);
            for (var p = 0; p < Packets / policies; p++)
            {
                var packet = packets.Next();
                var (wanted, got) = (plain(packet), image(packet));
                verdicts[wanted.Verdict] = verdicts.GetValueOrDefault(wanted.Verdict) + 1;
                if (wanted != got)
                    Assert.Fail($"seed {seed}, packet {packet}: plain {wanted}, image {got}\n{random.Text}");
            }
        }
        var total = verdicts.Values.Sum();
        output.WriteLine($"seeds {firstSeed}-{firstSeed + (ulong)policies - 1}, {total} packets: "
            + string.Join(", ", verdicts.OrderBy(v => v.Key).Select(v => $"{v.Key} {100.0 * v.Value / total:f1} %")));
        Assert.True(verdicts[Verdict.Allow] >= total / 10, "too few allowed");
        Assert.True(verdicts[Verdict.Deny] >= total / 10, "too few denied");
    }
}
