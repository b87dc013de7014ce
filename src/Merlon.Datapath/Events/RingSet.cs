using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;

namespace Merlon.Datapath.Events;

/// <summary>Map <c>rings</c>: one ring buffer for each possible CPU, so that CPUs never wait for each other.</summary>
internal sealed class RingSet(KernelMap rings, int ringBytes)
{
    /// <summary>Makes the rings that are missing; those that are there keep their unread events.</summary>
    public void Fill()
    {
        for (var cpu = 0u; cpu < Cpus.Possible; cpu++)
        {
            if (rings.TryLookup(cpu, out uint _)) continue;
            using var ring = Bpf.CreateMap(Bpf.MapTypeRingBuffer, "merlon_ring", 0, 0, (uint)ringBytes, 0);
            rings.Update(cpu, ring.Number);
        }
    }

    public IEnumerable<BpfFd> Open()
    {
        for (var cpu = 0u; cpu < Cpus.Possible; cpu++)
            if (rings.TryLookup(cpu, out uint id))
                yield return new(BpfError.Check(LibBpf.MapById(id), "ring-open", $"opening the event ring of CPU {cpu}"));
    }
}
