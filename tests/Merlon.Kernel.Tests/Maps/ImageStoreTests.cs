using System.Runtime.InteropServices;
using System.Security.Cryptography;
using AwesomeAssertions;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Kernel.Tests.Fixtures;
using Xunit;

namespace Merlon.Kernel.Tests.Maps;

/// <summary>In the alone collection since one of them times a commit.</summary>
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
        var times = Enumerable.Range(0, 11).Select(_ => InForceAfter(program.Datapath.Images, words, bind)).Order().ToArray();
        TestContext.Current.TestOutputHelper!.WriteLine($"{words.Length} words in force: median {times[5].TotalMicroseconds:0} us, worst {times[10].TotalMicroseconds:0} us");
        times[5].Should().BeLessThan(TimeSpan.FromMilliseconds(2));
    }

    // As changes come, not back to back: right after another one it waits for a grace period first.
    private static TimeSpan InForceAfter(ImageStore images, ulong[] words, ulong[] bind)
    {
        Thread.Sleep(ImageStore.Linger + TimeSpan.FromMilliseconds(50));
        return images.Commit(words, bind, []).Took;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Changes_of_words_stand_in_the_image_in_force_one_after_the_other(bool apart)
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
            if (apart) Thread.Sleep(ImageStore.Linger + TimeSpan.FromMilliseconds(100));
            foreach (var (at, word) in changes) words[at] = word;
            images.Change(changes, [g, 2])!.Value.Generation.Should().Be(g);
            images.Holds(words, [g, 2], [16, 17, 18]).Should().BeTrue($"change {g}");
            images.Holds(g, changes, [g, 2], [16, 17, 18]).Should().BeTrue($"change {g}");
            if (g != 5) continue;
            // Another image in between, and not of the same size.
            words = TestImage.Words(140, fill: 8);
            images.Commit(words, [g, 2], [16, 17, 18]).Generation.Should().Be(++g);
        }
    }

    [Fact]
    public void Of_an_image_that_is_known_by_its_number_what_it_says_of_this_host_is_compared()
    {
        using var program = LoadedProgram.OfMaps();
        var images = program.Datapath.Images;
        images.Holds(0, new Dictionary<int, ulong>(), [], []).Should().BeFalse("nothing is in force");
        images.Commit(TestImage.Words(100, fill: 7), [1, 2], [16, 17]);
        Holds(1, 7, [1, 2], [16, 17]).Should().BeTrue();
        Holds(2, 7, [1, 2], [16, 17]).Should().BeFalse("another generation");
        Holds(1, 8, [1, 2], [16, 17]).Should().BeFalse("another word");
        Holds(1, 7, [1, 3], [16, 17]).Should().BeFalse("another epoch");
        Holds(1, 7, [1, 2], [16, 18]).Should().BeFalse("another rule");

        bool Holds(uint generation, ulong word, ulong[] bind, uint[] rules) => images.Holds(generation, new Dictionary<int, ulong> { [50] = word }, bind, rules);
    }

    /// <summary>The control is the whole image, which takes longer the larger it is.</summary>
    [Fact]
    public void A_change_is_in_force_within_a_millisecond_however_large_the_image()
    {
        using var program = LoadedProgram.OfMaps();
        var images = program.Datapath.Images;
        var words = TestImage.Words(4_000_000, fill: 7);
        var whole = Enumerable.Range(0, 3).Select(_ => InForceAfter(images, words, [1])).Min();
        var times = Enumerable.Range(0, 11).Select(i =>
        {
            Thread.Sleep(ImageStore.Linger + TimeSpan.FromMilliseconds(200));
            return images.Change(new Dictionary<int, ulong> { [50 + i] = 1, [3_000_000 - i] = 2 }, [1])!.Value.Took;
        }).Order().ToArray();
        TestContext.Current.TestOutputHelper!.WriteLine($"two words of {words.Length}: median {times[5].TotalMicroseconds:0} us, worst {times[10].TotalMicroseconds:0} us; all of them {whole.TotalMicroseconds:0} us");
        times[5].Should().BeLessThan(TimeSpan.FromMilliseconds(1));
        whole.Should().BeGreaterThan(TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void What_another_process_has_committed_is_not_changed()
    {
        using var program = LoadedProgram.OfMaps();
        var words = TestImage.Words(100, fill: 7);
        program.Datapath.Images.Commit(words, [1], []);
        program.Reopen();
        var images = program.Datapath.Images;
        images.Change(new Dictionary<int, ulong> { [50] = 1 }, [1]).Should().BeNull();
        images.Holds(words, [1], []).Should().BeTrue();
        images.Change(new Dictionary<int, ulong> { [50] = 1 }, [1]).Should().BeNull();
        images.Commit(words, [1], []);
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
