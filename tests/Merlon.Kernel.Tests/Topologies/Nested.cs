using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Kernel.Tests.Topologies;

/// <summary>A second host behind a guest's interface, with a MAC of its own; the two reach each other only by way of the bridge (macvlan, VEPA).</summary>
internal sealed class Nested : IDisposable
{
    private const string Mac = "52:54:00:00:00:11";
    private readonly NetNamespace _namespace;

    private Nested(NetNamespace space) => _namespace = space;

    public static Nested Behind(Guest guest, string address)
    {
        var space = new NetNamespace(guest.Namespace.Name + "n");
        guest.Namespace.Ip("link", "add", "m0", "link", "eth0", "netns", space.Name, "type", "macvlan", "mode", "vepa");
        space.Ip("link", "set", "m0", "address", Mac, "up");
        space.Ip("addr", "add", address, "dev", "m0");
        return new(space);
    }

    public void Dispose() => _namespace.Dispose();
}
