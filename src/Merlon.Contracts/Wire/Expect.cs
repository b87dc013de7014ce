using Merlon.Policy.Model;

namespace Merlon.Contracts.Wire;

/// <summary>Checks of single fields of a message; each throws <see cref="ContractException"/> naming the field.</summary>
public static class Expect
{
    public static ContractException Broken(string field, string what) => new($"{field}: {what}");

    public static void That(bool holds, string field, string what)
    {
        if (!holds) throw Broken(field, what);
    }

    public static void Count(int count, int most, string field) =>
        That(count <= most, field, $"{count} entries, at most {most} allowed");

    /// <summary>An index below <paramref name="count"/>.</summary>
    public static int Index(uint index, int count, string field)
    {
        That(index < (uint)count, field, $"index {index} is not below {count}");
        return (int)index;
    }

    /// <summary>A name: no control characters (it goes into logs and terminals), at most <see cref="Limits.NameLength"/>.</summary>
    public static string Name(string text, string field, bool mayBeEmpty = false)
    {
        That(mayBeEmpty || text.Length > 0, field, "is empty");
        That(text.Length <= Limits.NameLength, field, $"longer than {Limits.NameLength} characters");
        foreach (var c in text) That(!char.IsControl(c), field, "holds a control character");
        return text;
    }

    /// <summary>A UUID as libvirt writes it: lower case, dashed.</summary>
    public static string Uuid(string text, string field)
    {
        That(Guid.TryParseExact(text, "D", out var guid) && guid.ToString("D") == text, field, "is not a lower-case dashed UUID");
        return text;
    }

    /// <summary>4 or 16 bytes; IPv4 in its mapped form is refused, it has one spelling here.</summary>
    public static Address Address(ReadOnlySpan<byte> bytes, string field)
    {
        That(bytes.Length is 4 or 16, field, $"an address of {bytes.Length} bytes");
        var address = Policy.Model.Address.FromBytes(bytes);
        That(address.Width == bytes.Length * 8, field, "an IPv4 address in its IPv6-mapped form");
        return address;
    }

    public static MacAddress Mac(ReadOnlySpan<byte> bytes, string field)
    {
        That(bytes.Length == 6, field, $"a MAC address of {bytes.Length} bytes");
        ulong bits = 0;
        foreach (var b in bytes) bits = bits << 8 | b;
        return new(bits);
    }

    public static TEnum Enum<TEnum>(int value, string field) where TEnum : struct, Enum
    {
        var parsed = (TEnum)System.Enum.ToObject(typeof(TEnum), value);
        That(System.Enum.IsDefined(parsed), field, $"{value} is no {typeof(TEnum).Name}");
        return parsed;
    }
}
