using AwesomeAssertions;
using Merlon.Agent;
using Merlon.Agent.Sync;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

public sealed class BookStoreTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-book").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_book_comes_back_as_it_was()
    {
        var store = new BookStore(_folder);
        var book = Samples.Plan(HostBook.Empty, Samples.Policy(7, Samples.Endpoint(1, "10.8.0.5")), "a", "x").Book;
        store.Save(book with { PolicyFile = store.SavePolicy(7, [1, 2, 3]) });
        var loaded = new BookStore(_folder).Load();
        loaded.Should().BeEquivalentTo(book with { PolicyFile = "policy-7.bin" });
        store.ReadPolicy(loaded).Should().Equal(1, 2, 3);
    }

    [Fact]
    public void Only_the_policy_that_the_book_names_stays()
    {
        var store = new BookStore(_folder);
        store.SavePolicy(1, [1]);
        var book = HostBook.Empty with { PolicyFile = store.SavePolicy(2, [2]) };
        store.RemoveOthers(book);
        Directory.GetFiles(_folder, "policy-*").Should().ContainSingle().Which.Should().EndWith("policy-2.bin");
    }

    [Fact]
    public void A_half_written_file_changes_nothing()
    {
        var store = new BookStore(_folder);
        store.Save(HostBook.Empty with { NextVnic = 42 });
        File.WriteAllText(Path.Combine(_folder, "state.json.new"), "{\"ver");
        store.Load().NextVnic.Should().Be(42);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"version\":2}")]
    [InlineData("not json")]
    public void A_damaged_book_is_a_fault_with_a_mend(string content)
    {
        File.WriteAllText(Path.Combine(_folder, "state.json"), content);
        new BookStore(_folder).Invoking(s => s.Load()).Should().Throw<AgentFault>().Where(f => f.Code == "state-unreadable");
    }
}
