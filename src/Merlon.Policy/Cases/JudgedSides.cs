using Merlon.Policy.Model;

namespace Merlon.Policy.Cases;

/// <summary>What each end says to a packet, whatever the other one says.</summary>
/// <param name="From">The guarded vNIC that it comes from; null = there is none.</param>
/// <param name="Out">Null = not judged in this direction.</param>
/// <param name="To">The guarded vNIC that it goes to.</param>
public readonly record struct JudgedSides(NicKey? From, SideVerdict? Out, NicKey? To, SideVerdict? In)
{
    public FlowVerdict Flow => FlowVerdict.Of(Out, In, From is not null || To is not null);
}
