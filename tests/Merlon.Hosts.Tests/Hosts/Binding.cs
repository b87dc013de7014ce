using System.Net;
using System.Net.Sockets;

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>Ports for tests that run side by side in one process.</summary>
public static class Binding
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Binds to a port of any own address; 0 = a free one. A process that is being started anywhere in this one
    /// holds copies of all its sockets until its exec: a port that was just freed stays taken for that moment.</summary>
    public static void Hold(this Socket socket, int port)
    {
        var end = DateTime.UtcNow + s_patience;
        while (true)
        {
            try
            {
                socket.Bind(new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, port));
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                if (DateTime.UtcNow >= end) throw new InvalidOperationException($"port {port} is held: {Holders(port)}", e);
                Thread.Sleep(5);
            }
        }
    }

    /// <summary>The lines of this namespace's socket tables (proc_net_tcp.txt) and the processes that have one of them open.</summary>
    private static string Holders(int port)
    {
        var lines = new[] { "udp", "udp6", "tcp", "tcp6" }.SelectMany(table => File.ReadLines("/proc/thread-self/net/" + table))
            .Where(line => line.Contains($":{port:X4} ", StringComparison.Ordinal)).ToList();
        var inodes = lines.Select(line => $"socket:[{line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[9]}]").ToHashSet();
        var holders = Directory.EnumerateDirectories("/proc", "*").Where(p => char.IsAsciiDigit(p[6]) && Has(p, inodes))
            .Select(p => $"{p[6..]} {File.ReadAllText(p + "/cmdline").Replace('\0', ' ')}");
        return string.Join("; ", [.. lines, .. holders]);
    }

    private static bool Has(string process, HashSet<string> inodes)
    {
        try
        {
            return Directory.EnumerateFiles(process + "/fd").Any(fd => new FileInfo(fd).LinkTarget is { } target && inodes.Contains(target));
        }
        catch (IOException)
        {
            return false; // it ended
        }
    }
}
