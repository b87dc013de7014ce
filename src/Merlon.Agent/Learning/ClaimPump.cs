using Merlon.Agent.Sync;
using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Agent.Learning;

/// <summary>Empties the kernel's ring of claims into the book, on a thread of its own.</summary>
internal sealed class ClaimPump(KernelDatapath datapath, Func<HostNames> names, ClaimBook book, ILogger log)
{
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(500);

    /// <summary>Claims that were not told on: too many of one vNIC, or no room.</summary>
    public long Held => (long)datapath.Counters[Counter.ClaimsHeld] + book.Held;

    public void Run(CancellationToken stop)
    {
        using var reader = datapath.OpenClaims();
        using var wake = stop.Register(reader.Wake);
        var claims = new ClaimRecord[64];
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var taken = reader.Drain(claims);
                var snapshot = names();
                foreach (ref readonly var claim in claims.AsSpan(0, taken))
                    foreach (var heard in Read(claim, snapshot)) book.Add(heard);
                if (taken == 0) reader.Wait(s_wait);
            }
            catch (DatapathException e)
            {
                Log.ClaimsFailed(log, e);
                stop.WaitHandle.WaitOne(s_wait);
            }
        }
    }

    /// <summary>What a record of the kernel's says; of a vNIC that is in no book, nothing.</summary>
    internal static List<HeardClaim> Read(in ClaimRecord claim, HostNames names)
    {
        if (names.Nic(claim.Vnic) is not { } name) return [];
        var (nic, at) = (new NicKey(name.VmUuid, name.Index), claim.TimeNs);
        var options = ((ReadOnlySpan<byte>)claim.Options)[..Math.Min((int)claim.Length, AbiLimits.ClaimBytes)];
        switch (claim.How)
        {
            case ClaimHow.Arp or ClaimHow.Nd:
                return [new(nic, claim.Address.ToAddress(), LearnBy.Arp, 0, at)];
            case ClaimHow.Dhcp4:
                return DhcpAnswer.Lease(options, claim.Cut != 0) is { } seconds ? [new(nic, claim.Address.ToAddress(), LearnBy.Dhcp, seconds, at)] : [];
            case ClaimHow.Dhcp6:
                return [.. DhcpAnswer.Leases6(options, claim.Cut != 0).Select(l => new HeardClaim(nic, l.Address, LearnBy.Dhcp, l.Seconds, at))];
            default:
                return [];
        }
    }
}
