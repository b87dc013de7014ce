using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>A stand-in for a VM: a namespace behind one interface of the host, whose host side is what Merlon guards.</summary>
public sealed class Guest : IDisposable
{
    private readonly NetNamespace _namespace;

    public Guest(NetNamespace host, string run, int number, string name, string bridge = "br0")
    {
        Name = name;
        Number = number;
        Ifname = $"v{run}{number}";
        Mac = $"52:54:00:00:{number >> 8:x2}:{number & 255:x2}";
        Ip4 = IPAddress.Parse($"10.9.{number >> 8}.{number & 255}");
        Ip6 = IPAddress.Parse($"fd00:9::{number:x}");
        _namespace = new NetNamespace($"mt{run}-{number}");
        host.Ip("link", "add", Ifname, "type", "veth", "peer", "name", "eth0", "netns", _namespace.Name);
        host.Ip("link", "set", Ifname, "master", bridge, "up");
        _namespace.Ip("link", "set", "eth0", "address", Mac, "up");
        _namespace.Ip("addr", "add", $"{Ip4}/16", "dev", "eth0");
        _namespace.Ip("addr", "add", $"{Ip6}/64", "dev", "eth0", "nodad");
    }

    public string Name { get; }
    public int Number { get; }

    /// <summary>Name of the host side.</summary>
    public string Ifname { get; }
    public string Mac { get; }
    public IPAddress Ip4 { get; }
    public IPAddress Ip6 { get; }
    public NetNamespace Namespace => _namespace;

    /// <summary>A UDP socket of this guest; port 0 = any.</summary>
    public Socket Udp(int port = 0) => _namespace.Enter(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Hold(port);
        return socket;
    });

    /// <summary>A listening TCP socket of this guest.</summary>
    public Socket Listen(int port) => _namespace.Enter(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Hold(port);
        socket.Listen(512);
        return socket;
    });

    /// <summary>An unconnected TCP socket of this guest.</summary>
    public Socket Tcp() => _namespace.Enter(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });

    /// <summary>A new TCP connection from here is answered in time.</summary>
    public bool Reaches(IPAddress address, int port, TimeSpan patience)
    {
        using var socket = Tcp();
        try
        {
            return socket.ConnectAsync(new IPEndPoint(address, port)).Wait(patience);
        }
        catch (AggregateException)
        {
            return false;
        }
    }

    /// <summary>Runs a command in its network namespace.</summary>
    public ShellResult Run(params string[] command) => Shell.Run("nsenter", [$"--net={_namespace.Path}", .. command]);

    /// <summary>One of the TcpExt counters of its stack (/proc/net/netstat).</summary>
    public long TcpExt(string name)
    {
        var lines = Run("cat", "/proc/net/netstat").Ok().Split('\n').Where(l => l.StartsWith("TcpExt:", StringComparison.Ordinal)).Select(l => l.Split(' ')).ToArray();
        return long.Parse(lines[1][Array.IndexOf(lines[0], name)], CultureInfo.InvariantCulture);
    }

    public void Dispose() => _namespace.Dispose();
}
