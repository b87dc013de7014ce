using Merlon.Agent.Migration.Bus;
using Merlon.Agent.Migration.Connections;
using Merlon.Fast.Tests.Fuzz;
using Xunit;

namespace Merlon.Fast.Tests.Migration;

/// <summary>Seeded mutations of snapshots and of calls: refused, or read as something that is written the same again.</summary>
public sealed class HostileBytesTests
{
    private const int Seeds = 20, Inputs = 200;

    [Fact]
    public void No_bytes_crash_what_reads_a_snapshot() => Try([Snapshots.Bytes(0), Snapshots.Bytes(1), Snapshots.Bytes(40)], bytes =>
    {
        var snapshot = ConnectionSnapshot.Read(bytes);
        Assert.Equal(Text(snapshot), Text(ConnectionSnapshot.Read(snapshot.Write())));
        foreach (var c in snapshot.Connections.Where(c => c.IsSound)) c.At(1, 1, 1);
    });

    [Fact]
    public void No_bytes_crash_what_answers_a_call() => Try([.. Snapshots.Calls()], bytes =>
    {
        if (bytes.Length < BusCall.HeadBytes || BusCall.Rest(bytes) != bytes.Length - BusCall.HeadBytes) return;
        var call = BusCall.Read(bytes.AsSpan(0, BusCall.HeadBytes), bytes.AsSpan(BusCall.HeadBytes));
        var answer = new VmBus(() => Task.FromResult<byte[]>([1]), _ => Task.CompletedTask).AnswerAsync(call).GetAwaiter().GetResult();
        Assert.Equal(BusCall.Rest(answer), answer.Length - BusCall.HeadBytes);
    });

    private static void Try(byte[][] corpus, Action<byte[]> read)
    {
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            var mutations = new Mutations(seed, corpus);
            for (var i = 0; i < Inputs; i++)
            {
                var bytes = mutations.Next();
                try
                {
                    read(bytes);
                }
                catch (FormatException)
                {
                    // The clear refusal that hostile bytes get.
                }
                catch (Exception e)
                {
                    Assert.Fail($"seed {seed}: {Convert.ToBase64String(bytes)}\n{e}");
                }
            }
        }
    }

    private static string Text(ConnectionSnapshot s) => string.Join('\n', s.Connections.Select(Snapshots.Hex).Order(StringComparer.Ordinal).Prepend($"{s with { Connections = [] }}"));
}
