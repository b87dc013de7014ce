using System.Globalization;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Bench;

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>The shop's two VMs as taps on a real bridge in a namespace of their own. Their drivers take no offload, so the host finishes
/// checksums and cuts super-packets for them.</summary>
internal sealed class TappedShop : IDisposable
{
    private static int s_count;

    public TappedShop(bool trunk = false)
    {
        Shop = new(trunk);
        Host = new(string.Create(CultureInfo.InvariantCulture, $"mt{Environment.ProcessId % 10000}-taps{Interlocked.Increment(ref s_count)}"));
        Host.Ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "0");
        Host.Ip("link", "set", "br0", "up");
        (Web, Db) = (new(Host, "web"), new(Host, "db"));
        Host.Enter(() =>
        {
            Shop.AttachPort("web", Web.Ifindex);
            Shop.AttachPort("db", Db.Ifindex);
            return true;
        });
    }

    public NetNamespace Host { get; }
    public Shop Shop { get; }
    public GuestTap Web { get; }
    public GuestTap Db { get; }

    public void Dispose()
    {
        Host.Enter(() =>
        {
            Shop.Dispose();
            return true;
        });
        Web.Dispose();
        Db.Dispose();
        Host.Dispose();
    }
}
