namespace Merlon.Datapath.Links;

/// <summary>The queue between a tap and who reads it, and the qdisc before it.</summary>
public static class TapQueue
{
    /// <summary>Drops everything that waits. A change of txqueuelen makes the tap resize its ring (tun.c, tun_queue_resize: what does not
    /// fit is freed) and then has every qdisc of the interface reset, a shaper's backlog included, after all senders under way have
    /// ended (net/sched/sch_generic.c, dev_qdisc_change_tx_queue_len). An interface that had length 0 is given 1 in between.</summary>
    public static void Purge(int ifindex)
    {
        var link = LinkTable.Find(ifindex) ?? throw new DatapathException("no-interface", $"interface {ifindex} is gone", "is the VM still starting?");
        // The kernel does nothing when the length stays the same.
        if (link.TransmitQueue == 0) LinkTable.SetTransmitQueue(ifindex, 1);
        LinkTable.SetTransmitQueue(ifindex, 0);
        if (link.TransmitQueue != 0) LinkTable.SetTransmitQueue(ifindex, link.TransmitQueue);
    }
}
