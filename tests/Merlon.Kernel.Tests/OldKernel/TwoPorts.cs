using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;

namespace Merlon.Kernel.Tests.OldKernel;

/// <summary>Numbered datagrams to a port that the policy allows and, beside each, one to a port that it does not.</summary>
internal static class TwoPorts
{
    /// <summary>Returns how many of each were sent.</summary>
    public static int Send(Guest from, Guest to, int allowed, int forbidden, CancellationToken stop)
    {
        using var good = new UdpSender(from, to.Ip4, allowed);
        using var bad = new UdpSender(from, to.Ip4, forbidden);
        var sent = 0;
        while (!stop.IsCancellationRequested)
        {
            good.Send(sent++);
            bad.Send(sent);
            Thread.Sleep(2);
        }
        return sent;
    }
}
