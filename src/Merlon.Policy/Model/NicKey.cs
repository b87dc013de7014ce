namespace Merlon.Policy.Model;

/// <summary>Identity of a vNIC: VM UUID (lower case, dashed) and interface index in the domain XML, from 0. Never the MAC alone.</summary>
public readonly record struct NicKey(string VmUuid, int Index) : IComparable<NicKey>
{
    public int CompareTo(NicKey other) =>
        string.CompareOrdinal(VmUuid, other.VmUuid) is var c and not 0 ? c : Index.CompareTo(other.Index);

    public override string ToString() => $"{VmUuid}#{Index}";
}
