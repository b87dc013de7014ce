using System.Globalization;
using Merlon.Hosts.Tests.Hosts;
using Link = Merlon.Datapath.Links.LinkTable;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>A host in a namespace of its own, with bridges and guests of real stacks on them; the real program is attached where it is told.</summary>
public sealed class GuestHost : IDisposable
{
    private static int s_count;
    private readonly string _run;
    private readonly List<Guest> _guests = [];
    private World? _world;

    /// <param name="kind">Names of the hosts of several kinds of places differ by it.</param>
    public GuestHost(char kind)
    {
        _run = string.Create(CultureInfo.InvariantCulture, $"{kind}{Environment.ProcessId % 10000}{(char)('a' + Interlocked.Increment(ref s_count) % 26)}");
        Namespace = new($"mt{_run}-host");
    }

    public NetNamespace Namespace { get; }

    /// <param name="options">As <c>ip link add</c> takes them for a bridge.</param>
    public void AddBridge(string name, params string[] options)
    {
        Namespace.Ip(["link", "add", name, "type", "bridge", .. options]);
        Namespace.Ip("link", "set", name, "up");
    }

    public Guest AddGuest(int number, string name, string bridge = "br0")
    {
        var guest = new Guest(Namespace, _run, number, name, bridge);
        _guests.Add(guest);
        return guest;
    }

    /// <summary>Attaching and asking about interfaces happens in their namespace.</summary>
    public void Inside(Action what) => Namespace.Enter(() =>
    {
        what();
        return true;
    });

    public int Ifindex(string ifname) => Namespace.Enter(() => Link.Find(ifname)!.Ifindex);

    /// <summary>Guards each guest's interface as the port of its name. The world ends with this host.</summary>
    public void Guard(World world, params Guest[] guests)
    {
        foreach (var guest in guests) Guard(world, guest.Name, guest.Ifname);
    }

    /// <inheritdoc cref="Guard(World, Guest[])"/>
    public void Guard(World world, string port, string ifname)
    {
        _world = world;
        Inside(() => world.AttachPort(port, Ifindex(ifname)));
    }

    public void Dispose()
    {
        // clsact filters are taken off by the number of their interface: not in another namespace.
        if (_world is { } world) Inside(world.Dispose);
        foreach (var guest in _guests) guest.Dispose();
        Namespace.Dispose();
    }
}
