using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>Every row of tests/cases/packets, on the program of this checkout.</summary>
public sealed class PacketCaseTests(PacketCaseTests.Loaded loaded) : IClassFixture<PacketCaseTests.Loaded>
{
    public static TheoryData<string, string> Rows => [.. PacketFile.Rows.Select(r => (r.File, r.Name))];

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_row_is_as_it_says(string file, string name)
    {
        if (loaded.Bench.Play(PacketFile.Rows.First(r => r.File == file && r.Name == name)) is { } wrong) Assert.Fail(wrong);
    }

    [Fact]
    public void Every_file_is_read_without_a_finding() => Assert.Empty(PacketFile.Findings);

    /// <summary>The program, loaded once for all rows.</summary>
    public sealed class Loaded : IDisposable
    {
        internal PacketBench Bench { get; } = new(KernelObject.Path);

        public void Dispose() => Bench.Dispose();
    }
}
