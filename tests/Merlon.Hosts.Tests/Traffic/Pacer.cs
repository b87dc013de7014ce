using System.Diagnostics;

namespace Merlon.Hosts.Tests.Traffic;

/// <summary>One thread that sends a number on every stream at each beat, reading the kernel's generation right before each.</summary>
public sealed class Pacer : IDisposable
{
    private readonly Thread _thread;
    private volatile bool _stop;

    /// <param name="every">Kept by spinning: a sleep would wake too late for beats below some milliseconds.</param>
    public Pacer(Func<uint> generation, TimeSpan every, IReadOnlyList<NumberedStream> streams)
    {
        _thread = new(() =>
        {
            var beat = Stopwatch.GetTimestamp();
            while (!_stop)
            {
                foreach (var stream in streams) stream.Send(generation());
                // A beat missed is not made up for: no bursts.
                beat = Math.Max(beat + (long)(every.TotalSeconds * Stopwatch.Frequency), Stopwatch.GetTimestamp());
                var rest = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), beat);
                if (rest > TimeSpan.FromMilliseconds(2)) Thread.Sleep(rest - TimeSpan.FromMilliseconds(1));
                while (Stopwatch.GetTimestamp() < beat) Thread.SpinWait(20);
            }
        })
        { IsBackground = true };
        _thread.Start();
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
    }
}
