using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;
using Merlon.Policy.Model;

namespace Merlon.Agent.Sync;

/// <summary>What Sync needs of the kernel; the tests keep a pretended one that can die at any step.</summary>
internal interface IKernel
{
    IReadOnlyDictionary<int, PortRecord> Ports();
    void PutPort(int ifindex, PortRecord port);
    void RemovePort(int ifindex);

    IReadOnlyDictionary<MacPlace, MacHolder> Macs();
    void PutMac(MacPlace place, MacHolder holder);
    void RemoveMac(MacPlace place);

    /// <summary>Address and realm to vNIC.</summary>
    IReadOnlyDictionary<(Address Address, uint Realm), uint> Owners();
    void PutOwner(Address address, uint realm, uint vnic);
    void RemoveOwner(Address address, uint realm);

    /// <summary>By vNIC, its slot and what it may claim beside its own.</summary>
    IReadOnlyDictionary<uint, (ushort Slot, Licence Licence)> Licences();
    void PutLicence(uint vnic, ushort slot, Licence licence);
    void RemoveLicence(uint vnic);

    /// <summary>So many VMs are guarded: their shares of the connection tables stay free for them; false = the tables are too small for all.</summary>
    bool KeepShares(int vms);

    void SetBudget(ushort vm, uint connections, uint halfOpen, Rates rates);

    /// <summary>Exactly these vNICs take in connections that ran before, until then (ns of the boot clock).</summary>
    void SetAdoptions(IReadOnlyDictionary<uint, ulong> until);

    void EndAdoption(uint vnic);

    /// <summary>Both hooks of each, first in order; under the same incarnation it keeps what is already there. The kernel waits for two grace
    /// periods at each interface, so this goes on beside the caller.</summary>
    /// <returns>By ifindex, what went wrong there.</returns>
    Task<IReadOnlyDictionary<int, KernelFault>> Attach(IReadOnlyList<(int Ifindex, uint Incarnation)> ports);

    void Detach(int ifindex);

    /// <summary>Drops what waits in the interface's queue for its reader.</summary>
    void Purge(int ifindex);

    /// <summary>Null = attached at both hooks and first; else what is wrong.</summary>
    string? Check(int ifindex);

    /// <summary>Attachments by ifindex, whether there is a port record or not; not live = the interface took it away.</summary>
    IReadOnlyDictionary<int, (uint Incarnation, bool Live)> Attached();

    /// <summary>The image in force is this one, as read back.</summary>
    bool Holds(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds);

    /// <summary>The image in force is the one of this stamp, and has these words, bind words and rule ids; what else it says is not compared.</summary>
    bool Holds(ImageStamp stamp, IReadOnlyDictionary<int, ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds);

    /// <summary>Of the image in force.</summary>
    ImageStamp Stamp { get; }

    void Commit(ReadOnlySpan<ulong> words, ReadOnlySpan<ulong> bind, ReadOnlySpan<uint> ruleIds);

    /// <summary>Writes some words of the image in force anew, and all bind words, in one step; false = only a commit can.</summary>
    bool Change(IReadOnlyDictionary<int, ulong> words, ReadOnlySpan<ulong> bind);

    /// <summary>Clears a vNIC's side of every connection; an entry without any side goes.</summary>
    void ForgetVnic(uint vnic);

    /// <summary>Exactly these ports may send frames straight to each other.</summary>
    void SetWays(IReadOnlyList<Way> ways);

    /// <summary>Ways hold for two more seconds.</summary>
    void RenewLease();

    /// <summary>Those of the interfaces where nobody else sees what guests send: no other program, filter or ingress queue.</summary>
    IReadOnlySet<int> Alone(IReadOnlyList<int> ifindexes);

    /// <summary>Why no frame of this host may skip its bridges; null = some may.</summary>
    string? Obstacle { get; }

    /// <summary>Tells the short cut that ports have changed.</summary>
    void BumpTopology();

    /// <summary>vNICs and rules that entries still name.</summary>
    KernelUse InUse();

    /// <summary>Sets a rule's hits to 0, before its id stands for another rule.</summary>
    void ForgetRule(uint id);

    /// <summary>Highest vNIC and epoch that any entry, port or bind word holds.</summary>
    KernelNumbers Numbers();
}
