using Merlon.Cli.Commands.Lab;
using Merlon.Contracts;
using Xunit;

namespace Merlon.Fast.Tests.Cli;

public sealed class ProbeLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-probe-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Socket(int line) => Path.Combine(_folder, $"web-1.{line}.sock");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_line_that_nobody_holds_is_taken_and_one_is_waited_for()
    {
        using var first = HeldFile.TryTake(Socket(1) + ".lock");
        var held = new List<FileStream>();
        for (var line = 2; line <= ProbeLine.Lines; line++)
        {
            var (socket, claim) = await ProbeLine.Free(Socket, Cancel);
            Assert.Equal(Socket(line), socket);
            held.Add(claim);
        }
        var next = ProbeLine.Free(Socket, Cancel);
        await Task.Delay(200, Cancel);
        Assert.False(next.IsCompleted);
        await held[1].DisposeAsync();
        var (freed, taken) = await next;
        Assert.Equal(Socket(3), freed);
        foreach (var claim in (FileStream[])[.. held, taken]) await claim.DisposeAsync();
    }

    /// <summary>A link to itself: an error that is no other's hold, for root too.</summary>
    [Fact]
    public async Task A_line_that_cannot_be_had_is_told_and_not_waited_for()
    {
        File.CreateSymbolicLink(Socket(1) + ".lock", Socket(1) + ".lock");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        end.CancelAfter(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<IOException>(() => ProbeLine.Free(Socket, end.Token));
    }
}
