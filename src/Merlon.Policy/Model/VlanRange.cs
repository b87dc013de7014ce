using System.Globalization;

namespace Merlon.Policy.Model;

/// <summary>VLAN numbers (IEEE 802.1Q), 1 to 4094, both ends included: <c>10</c> or <c>20-29</c>.</summary>
public readonly record struct VlanRange(int Low, int High)
{
    public const int Least = 1, Most = 4094;

    public static bool TryParse(string text, out VlanRange range)
    {
        var ends = text.Split('-');
        range = default;
        if (ends.Length > 2 || !Number(ends[0], out var low) || !Number(ends[^1], out var high) || low > high) return false;
        range = new(low, high);
        return true;
    }

    public override string ToString() => Low == High ? Low.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{Low}-{High}");

    private static bool Number(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is >= Least and <= Most;
}
