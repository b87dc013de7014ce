using System.Runtime.InteropServices;
using System.Security.Cryptography;
using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Fixtures;
using Xunit;

namespace Merlon.Kernel.Tests.Maps;

/// <summary>Most of a commit is waiting for RCU, which other work stretches.</summary>
[Collection(Alone.Name)]
public class ImageStoreTests
{
    [Fact]
    public void Commits_alternate_and_read_back_as_written()
    {
        using var program = LoadedProgram.OfMaps();
        var images = program.Datapath.Images;
        images.ReadBack().Should().BeNull();
        for (var g = 1u; g <= 5; g++)
        {
            var words = TestImage.Words((int)g * 10, fill: g);
            var result = images.Commit(words, [g, g + 1, g + 2], [16, 17, 18, 19, g]);
            result.Generation.Should().Be(g);
            program.Datapath.Control.Generation.Should().Be(g);
            var back = images.ReadBack()!;
            back.Generation.Should().Be(g);
            back.Words.Should().Equal(words);
            back.Bind.Should().Equal(g, g + 1, g + 2);
            back.RuleIds.Should().Equal(16, 17, 18, 19, g);
            images.Holds(words, back.Bind, back.RuleIds).Should().BeTrue();
            back.Digest.Should().Be(Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<ulong>(words))));
        }
    }

    [Fact]
    public void An_image_that_differs_anywhere_is_not_the_one_in_force()
    {
        using var program = LoadedProgram.OfMaps();
        var images = program.Datapath.Images;
        var words = TestImage.Words(100, fill: 7);
        images.Holds(words, [1, 2], [16, 17, 18]).Should().BeFalse("none is in force");
        images.Commit(words, [1, 2], [16, 17, 18]);
        images.Holds(words, [1, 2], [16, 17, 18]).Should().BeTrue();
        images.Holds(words, [1, 3], [16, 17, 18]).Should().BeFalse();
        images.Holds(words, [1], [16, 17, 18]).Should().BeFalse();
        images.Holds(words, [1, 2], [16, 17, 19]).Should().BeFalse();
        images.Holds(words, [1, 2], [16, 17]).Should().BeFalse();
        for (var i = 1; i < words.Length; i += 13)
        {
            var other = words.ToArray();
            other[i] ^= 1;
            images.Holds(other, [1, 2], [16, 17, 18]).Should().Be(i is (int)ImageWord.Bind or (int)ImageWord.RuleIds or (int)ImageWord.Generation);
        }
    }

    [Fact]
    public void A_small_image_is_in_force_within_two_milliseconds()
    {
        using var program = LoadedProgram.OfMaps();
        var words = TestImage.Words(20_000);
        var bind = new ulong[200];
        // What earlier tests left to the kernel is still being freed: up to three rounds.
        var medians = new List<TimeSpan>();
        while (medians.Count < 3 && (medians.Count == 0 || medians[^1] >= TimeSpan.FromMilliseconds(2)))
        {
            var times = Enumerable.Range(0, 101).Select(_ => program.Datapath.Images.Commit(words, bind, []).Elapsed).Order().ToArray();
            TestContext.Current.TestOutputHelper!.WriteLine($"commit of {words.Length} words: median {times[50].TotalMicroseconds:0} us, worst {times[100].TotalMicroseconds:0} us");
            medians.Add(times[50]);
        }
        medians[^1].Should().BeLessThan(TimeSpan.FromMilliseconds(2));
    }

    [Fact]
    public void Changes_of_words_stand_in_the_image_in_force_one_after_the_other()
    {
        using var program = LoadedProgram.OfMaps();
        var images = program.Datapath.Images;
        images.Change(new Dictionary<int, ulong> { [50] = 1 }, [1, 2]).Should().BeNull("nothing is in force");
        var words = TestImage.Words(100, fill: 7);
        images.Commit(words, [1, 2], [16, 17, 18]);
        images.Change(new Dictionary<int, ulong> { [50] = 1 }, [1, 2, 3]).Should().BeNull("it binds other slots");
        for (var g = 2u; g <= 9; g++)
        {
            // Each writes one word of its own and one that others write too.
            var changes = new Dictionary<int, ulong> { [40 + (int)g] = g, [60 + (int)g % 3] = g * 100 };
            foreach (var (at, word) in changes) words[at] = word;
            images.Change(changes, [g, 2])!.Value.Generation.Should().Be(g);
            images.Holds(words, [g, 2], [16, 17, 18]).Should().BeTrue($"change {g}");
            if (g == 5) images.Commit(words, [g, 2], [16, 17, 18]).Generation.Should().Be(++g);
        }
    }

    [Fact]
    public void What_another_process_has_committed_is_not_changed_until_it_is_known()
    {
        using var program = LoadedProgram.OfMaps();
        var words = TestImage.Words(100, fill: 7);
        program.Datapath.Images.Commit(words, [1], []);
        program.Reopen();
        var images = program.Datapath.Images;
        images.Change(new Dictionary<int, ulong> { [50] = 1 }, [1]).Should().BeNull();
        images.Holds(words, [1], []).Should().BeTrue();
        images.Change(new Dictionary<int, ulong> { [50] = 1 }, [1]).Should().NotBeNull();
        words[50] = 1;
        images.Holds(words, [1], []).Should().BeTrue();
    }

    [Fact]
    public void Words_that_are_no_image_change_nothing()
    {
        using var program = LoadedProgram.OfMaps();
        program.Datapath.Images.Commit(TestImage.Words(4), [], []);
        var commit = () => program.Datapath.Images.Commit(new ulong[64], [], []);
        commit.Should().Throw<ArgumentException>();
        program.Datapath.Images.Generation.Should().Be(1);
    }
}
