using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Google.Protobuf;
using Merlon.Contracts;
using Merlon.Contracts.Api;
using Merlon.Controller;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>The real process, an instance of its own, SIGKILL in the middle of applies and flow batches: what was answered is kept, what was not is
/// there whole or not at all.</summary>
public sealed class KillTests : IDisposable
{
    private const int Kills = 3;
    private readonly InstancePaths instance = InstancePaths.Parse("t-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)))!;
    private Process? process;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Kill();
        foreach (var folder in new[] { instance.Var, instance.Run, instance.Etc })
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Whatever_was_answered_before_a_kill_is_there_after_it()
    {
        Assert.SkipUnless(System.Environment.IsPrivilegedProcess, "an instance's folders are root's");
        string? token = null;
        var (answered, flows, number) = (0L, 0UL, 0);
        byte[]? policy = null;
        for (var kill = 0; kill <= Kills; kill++)
        {
            var access = await Start();
            token ??= access.Token;
            Assert.Equal(token, access.Token);
            using var client = RunningController.ClientOf(access.Url, token, access.CaFile);
            if (kill == 0) await Apply(client, Sample.Guard);
            Check(await client.GetFromJsonAsync("/v1/revisions", ApiJson.Default.IReadOnlyListRevisionRecord, Cancel),
                await client.GetFromJsonAsync("/v1/documents", ApiJson.Default.IReadOnlyListDocumentRecord, Cancel), answered);
            var stored = (await client.GetFromJsonAsync("/v1/flows?limit=10000", ApiJson.Default.IReadOnlyListFlowRecord, Cancel))!;
            Assert.Equal(Enumerable.Range(1, stored.Count), stored.Select(f => f.Destination.Port!.Value));
            Assert.True((ulong)stored.Count >= flows);

            // The same policy for the same sequence, though all else around it was cut off.
            await using var agent = await PretendedAgent.Dial(ControllerPaths.Of(instance), Sample.HostA, "host-a", 0);
            await agent.Has(Sample.Vm(1, "rival"));
            var received = (await agent.NextPolicy()).ToByteArray();
            Assert.Equal(policy ??= received, received);
            if (kill == Kills) break;

            using var stop = new CancellationTokenSource();
            var applying = Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested) answered = await Apply(client, Three(++number)) ?? answered;
            }, Cancel);
            var telling = Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested && flows < 9000)
                {
                    var first = (int)flows + 1;
                    flows = await Tell(agent, first) ?? flows;
                }
            }, Cancel);
            // In the middle of the third or so, wherever that is.
            var (before, told) = (answered, flows);
            while ((answered < before + 2 || flows < told + 40) && !applying.IsFaulted && !telling.IsFaulted) await Task.Delay(5, Cancel);
            await Task.Delay(7 * kill, Cancel);
            Kill();
            await stop.CancelAsync();
            await Task.WhenAll(applying, telling);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{Kills} kills, {answered} applies and {flows} flows answered, none lost, none half");
    }

    // One apply is three documents: all of them stand at the newest revision and say the same.
    private static void Check(IReadOnlyList<RevisionRecord>? revisions, IReadOnlyList<DocumentRecord>? documents, long answered)
    {
        var shop = revisions!.Where(r => r.Tenant == "shop").ToList();
        Assert.Equal(Enumerable.Range(1, shop.Count).Select(i => (long)i), shop.Select(r => r.Revision));
        Assert.True(shop.Count >= answered, $"revision {answered} was answered, {shop.Count} is the newest");
        var mine = documents!.Where(d => d.Tenant == "shop").ToList();
        Assert.All(mine, d => Assert.Equal(shop.Count, d.Revision));
        Assert.Single(mine.Select(d => d.Text[d.Text.IndexOf("tcp/", StringComparison.Ordinal)..]).Distinct().DefaultIfEmpty(""));
    }

    private static string Three(int port) => string.Concat(new[] { "a", "b", "c" }.Select(name => Sample.Open("shop", port, name)));

    // The revision of shop, or null: not answered.
    private static async Task<long?> Apply(HttpClient client, string text)
    {
        try
        {
            using var answer = await client.PostAsJsonAsync("/v1/apply", new([new("f", text)]), ApiJson.Default.ApplyRequest, Cancel);
            return (await answer.Content.ReadFromJsonAsync(ApiJson.Default.ApplyResult, Cancel))!.Revisions.Single().Revision;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or System.Net.Sockets.SocketException)
        {
            return null;
        }
    }

    private static async Task<ulong?> Tell(PretendedAgent agent, int first)
    {
        try
        {
            return await agent.Send((ulong)first, [.. Enumerable.Range(first, 20).Select(i => Sample.Flow(i))]);
        }
        catch (Exception e) when (e is Grpc.Core.RpcException or InvalidOperationException or System.Threading.Channels.ChannelClosedException)
        {
            return null;
        }
    }

    private async Task<ApiAccess> Start()
    {
        var runtime = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "../../.."));
        var info = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "merlon-controller"), ["run", "--instance", instance.Instance, "--port", "0"])
        {
            RedirectStandardError = true,
            Environment = { ["DOTNET_ROOT"] = runtime },
        };
        process = Process.Start(info)!;
        // Its first line says that both doors are open.
        while (await process.StandardError.ReadLineAsync(Cancel) is { } line)
        {
            if (!line.Contains("API on https://", StringComparison.Ordinal)) continue;
            _ = process.StandardError.ReadToEndAsync(Cancel);
            return JsonSerializer.Deserialize(await File.ReadAllBytesAsync(instance.ApiFile, Cancel), ApiJson.Default.ApiAccess)!;
        }
        throw new InvalidOperationException("the controller ended before it was up");
    }

    private void Kill()
    {
        if (process is null) return;
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        process = null;
    }
}
