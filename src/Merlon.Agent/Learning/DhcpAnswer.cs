using System.Buffers.Binary;
using Merlon.Policy.Model;

namespace Merlon.Agent.Learning;

/// <summary>Reads the options of what a DHCP server answered. Whoever sent it chose every byte: what is not exactly as the RFCs have it
/// gives no address. Of an answer that was cut when it was copied, what stands whole before the cut counts.</summary>
internal static class DhcpAnswer
{
    /// <summary>Of one answer; more are not looked at.</summary>
    public const int MostAddresses = 8;

    private const int Pad = 0, LeaseTime = 51, MessageType = 53, End = 255, Ack = 5;
    private const int NonTemporary = 3, NonTemporaryHead = 12, AddressOption = 5, AddressHead = 24, StatusCode = 13;

    /// <summary>Seconds of the lease that a DHCPACK gives (RFC 2131, 2132); null = it is none.</summary>
    public static uint? Lease(ReadOnlySpan<byte> options, bool cut)
    {
        byte? type = null;
        uint? lease = null;
        var rest = options;
        while (rest is not [] and not [End, ..])
        {
            if (rest[0] == Pad)
            {
                rest = rest[1..];
                continue;
            }
            if (rest.Length < 2 || rest.Length < 2 + rest[1]) return cut ? Given(type, lease) : null;
            var code = rest[0];
            var value = rest.Slice(2, rest[1]);
            rest = rest[(2 + value.Length)..];
            // An option that comes twice is one in two pieces (RFC 3396): neither of these can be.
            if (code == MessageType)
            {
                if (type is not null || value.Length != 1) return null;
                type = value[0];
            }
            if (code == LeaseTime)
            {
                if (lease is not null || value.Length != 4) return null;
                lease = BinaryPrimitives.ReadUInt32BigEndian(value);
            }
        }
        return rest is [End, ..] || cut ? Given(type, lease) : null;
    }

    /// <summary>The addresses of a DHCPv6 Reply (RFC 8415) with their valid lifetimes.</summary>
    public static List<(Address Address, uint Seconds)> Leases6(ReadOnlySpan<byte> options, bool cut)
    {
        var leases = new List<(Address, uint)>();
        for (var rest = options; rest.Length > 0;)
        {
            if (!Next(ref rest, out var code, out var value))
            {
                if (!cut) leases.Clear();
                break;
            }
            if (code == StatusCode && !IsSuccess(value) || code == NonTemporary && !Association(value, leases)) return [];
        }
        return leases;
    }

    private static uint? Given(byte? type, uint? lease) => type == Ack && lease > 0 ? lease : null;

    // False: it is not well formed.
    private static bool Association(ReadOnlySpan<byte> association, List<(Address, uint)> leases)
    {
        if (association.Length < NonTemporaryHead) return false;
        var mine = new List<(Address, uint)>();
        for (var rest = association[NonTemporaryHead..]; rest.Length > 0;)
        {
            if (!Next(ref rest, out var code, out var value)) return false;
            if (code == StatusCode && !IsSuccess(value)) return true; // the server has none for it
            if (code != AddressOption) continue;
            if (value.Length < AddressHead) return false;
            var seconds = BinaryPrimitives.ReadUInt32BigEndian(value[20..]);
            if (seconds > 0) mine.Add((Address.FromBytes(value[..16]), seconds));
        }
        leases.AddRange(mine.Take(MostAddresses - leases.Count));
        return true;
    }

    private static bool Next(ref ReadOnlySpan<byte> rest, out int code, out ReadOnlySpan<byte> value)
    {
        code = 0;
        value = default;
        if (rest.Length < 4) return false;
        code = BinaryPrimitives.ReadUInt16BigEndian(rest);
        var length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
        if (rest.Length < 4 + length) return false;
        value = rest.Slice(4, length);
        rest = rest[(4 + length)..];
        return true;
    }

    private static bool IsSuccess(ReadOnlySpan<byte> status) => status is [0, 0, ..];
}
