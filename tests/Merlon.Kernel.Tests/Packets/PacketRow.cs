using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>One row of a packet file: what is set up, the steps in order, and what is left in the tables.</summary>
/// <param name="State">Entries of the connection tables at the end, in any order.</param>
/// <param name="Claims">Told to user space by the end, in order.</param>
/// <param name="Budgets">Where stated, what each VM has open at the end.</param>
internal sealed record PacketRow(
    string File, string Subject, string Name, Position At, WorldKey World, PortSetup[] Setup, PacketStep[] Steps, EntryText[] State, BudgetText[] Budgets, string[] Claims);

/// <summary>The manifests (worlds/NAME.yaml) and the size of each connection table, 0: large.</summary>
internal sealed record WorldKey(string Name, int Tables);

/// <summary>What a row changes at a VM's port, before its first step.</summary>
/// <param name="Adopt">So many seconds from the first step on it takes in connections that ran before.</param>
/// <param name="Owns">Addresses that are the vNIC's too.</param>
/// <param name="Licence">What it may claim beside them.</param>
internal sealed record PortSetup(string Vm, Func<PortRecord, PortRecord> Change, uint Connections, uint HalfOpen, Rates Rates, OtherFrames Frames, Address[] Owns, Licence Licence, int Adopt);

/// <summary>What a VM has open: <c>2/1</c> half-open and established, <c>refused 3</c>.</summary>
internal sealed record BudgetText(string Vm, string Expected);
