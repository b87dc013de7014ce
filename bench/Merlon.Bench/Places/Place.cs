using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Merlon.Datapath.Links;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Bench.Places;

/// <summary>Topology T1: a host with one bridge and two guests a and b, each a namespace behind a veth. Everything ends with it.</summary>
internal sealed class Place : IDisposable
{
    private static int s_count;
    private readonly List<IDisposable> _held = [];

    public Place()
    {
        var run = string.Create(CultureInfo.InvariantCulture, $"mb{Environment.ProcessId}-{++s_count}");
        Host = Quiet(new NetNamespace(run + "h"));
        Guests = [Quiet(new NetNamespace(run + "a")), Quiet(new NetNamespace(run + "b"))];
        Set("net/bridge/bridge-nf-call-iptables", "0");
        Host.Ip("link", "add", "br0", "type", "bridge");
        Host.Ip("link", "set", "br0", "up");
        Ifindex = [Plug(0), Plug(1)];
    }

    public NetNamespace Host { get; }

    public NetNamespace[] Guests { get; }

    /// <summary>Of the host's ends.</summary>
    public int[] Ifindex { get; }

    public static string Ifname(int guest) => guest == 0 ? "veth-a" : "veth-b";

    public static string Mac(int guest) => $"52:54:00:00:00:0{guest + 1}";

    public static string Address(int guest) => $"10.9.0.{guest + 1}";

    /// <summary>A sysctl of the host, by its path below /proc/sys.</summary>
    public void Set(string sysctl, string value) => Set(Host, sysctl, value);

    /// <summary>A socket of a guest's, for life.</summary>
    public Socket Open(int guest, bool tcp) => Guests[guest].Enter(() => tcp
        ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
        : new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));

    /// <summary>Where b serves.</summary>
    public static IPEndPoint Service => new(IPAddress.Parse(Address(1)), BenchPolicy.FirstService);

    /// <summary>nft -f in the host.</summary>
    public void Nft(string rules)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, rules);
            Shell.Run("nsenter", $"--net={Host.Path}", "nft", "-f", file).Ok();
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Ends with this place, the last held first.</summary>
    public T Hold<T>(T held) where T : IDisposable
    {
        _held.Add(held);
        return held;
    }

    public void Dispose()
    {
        foreach (var held in Enumerable.Reverse(_held)) held.Dispose();
        foreach (var guest in Guests) guest.Dispose();
        Host.Dispose();
    }

    // Nothing but what a workload sends is to pass here.
    private static NetNamespace Quiet(NetNamespace space)
    {
        Set(space, "net/ipv6/conf/all/disable_ipv6", "1");
        Set(space, "net/ipv6/conf/default/disable_ipv6", "1");
        Set(space, "net/ipv4/ip_local_port_range", "10000 65000");
        return space;
    }

    private static void Set(NetNamespace space, string sysctl, string value) => space.Enter(() =>
    {
        File.WriteAllText("/proc/sys/" + sysctl, value);
        return true;
    });

    private int Plug(int guest)
    {
        Host.Ip("link", "add", Ifname(guest), "type", "veth", "peer", "name", "eth0", "netns", Guests[guest].Name);
        Host.Ip("link", "set", Ifname(guest), "master", "br0", "up");
        Guests[guest].Ip("link", "set", "eth0", "address", Mac(guest), "up");
        Guests[guest].Ip("addr", "add", Address(guest) + "/24", "dev", "eth0");
        return Host.Enter(() => LinkTable.Find(Ifname(guest))!.Ifindex);
    }
}
