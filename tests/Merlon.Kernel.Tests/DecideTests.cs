using Merlon.Fast.Tests.Policy;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Cases;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>The rows of tests/cases/policy/decide through all three engines, every packet that they mean.</summary>
public sealed class DecideTests(DecideTests.Engine kernel) : IClassFixture<DecideTests.Engine>
{
    public static TheoryData<string> Files => CaseFolder.Files("decide");

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_row_gets_its_verdict_from_all_three_engines(string file)
    {
        var (set, inventory, rows) = DecideFile.Read(file);
        var (plain, image) = (CaseRunner.PlainEngine(set, inventory), CaseRunner.ImageEngine(set, inventory));
        kernel.Value.Load(set, inventory);
        var judged = 0;
        foreach (var (row, packet) in rows.SelectMany(r => CaseRunner.Expand(r, set, inventory).Select(p => (r, p))).OrderBy(p => p.p.At))
        {
            var wanted = plain(packet);
            Assert.True(wanted.Verdict == row.Expect && wanted == image(packet), $"line {row.Position.Line}, {packet}: expected {row.Expect}, plain {wanted}, image {image(packet)}");
            if (kernel.Value.Judge(packet) is not { } answer) continue;
            judged++;
            Assert.True(KernelSays.Otherwise(wanted, answer) is not { } otherwise, $"line {row.Position.Line}, {packet}: {KernelSays.Otherwise(wanted, answer)}; plain {wanted}");
        }
        Assert.True(judged > 0, "the kernel was asked nothing");
    }

    /// <summary>One program for all files.</summary>
    public sealed class Engine : IDisposable
    {
        internal KernelEngine Value { get; } = new();

        public void Dispose() => Value.Dispose();
    }
}
