using System.Diagnostics;
using System.Net.Sockets;
using Merlon.Bench.Figures;
using Merlon.Bench.Places;

namespace Merlon.Bench.Workloads;

/// <summary>64 bytes to and fro between two real stacks, one at a time, both on one CPU. Costs: the time of half and of 99 of 100 rounds, in µs.</summary>
internal sealed class PingPong : Contestant, IDisposable
{
    private const int Bytes = 64;
    private readonly Socket _client, _server;
    private readonly Worker _echo;

    public PingPong(string name, Place place, bool tcp) : base(name)
    {
        var listener = place.Open(1, tcp);
        listener.Bind(Place.Service);
        if (tcp) listener.Listen(1);
        _client = place.Open(0, tcp);
        _client.Connect(Place.Service);
        _client.ReceiveTimeout = 2000;
        if (tcp)
        {
            _server = listener.Accept();
            _server.NoDelay = true;
            listener.Dispose();
        }
        else
        {
            _client.Send(new byte[1]);
            System.Net.EndPoint client = new System.Net.IPEndPoint(System.Net.IPAddress.Any, 0);
            listener.ReceiveFrom(new byte[Bytes], ref client);
            listener.Connect(client);
            _server = listener;
        }
        _echo = new(_ => Echo(_server));
    }

    protected override Slice Play(TimeSpan length)
    {
        Slice? slice = null;
        new Worker(_ => slice = Rounds(length)).Join();
        return slice ?? throw new InvalidOperationException($"{Name}: no answer within two seconds");
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Shutdown(SocketShutdown.Both);
        _server.Dispose();
        _echo.Join();
    }

    private Slice Rounds(TimeSpan length)
    {
        var (times, buffer, begin) = (new List<double>(8192), new byte[Bytes], Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(begin) < length)
        {
            var sent = Stopwatch.GetTimestamp();
            _client.Send(buffer);
            for (var got = 0; got < Bytes;) got += _client.Receive(buffer);
            times.Add(Stopwatch.GetElapsedTime(sent).TotalMicroseconds);
        }
        times.Sort();
        return new(times.Count, times.Count, Quartiles.At(times, 0.5), Quartiles.At(times, 0.99));
    }

    private static void Echo(Socket socket)
    {
        var buffer = new byte[Bytes];
        for (int got; (got = socket.Receive(buffer)) > 0;) socket.Send(buffer, got, SocketFlags.None);
    }
}
