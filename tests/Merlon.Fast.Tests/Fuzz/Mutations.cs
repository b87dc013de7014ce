using System.Text;
using Merlon.Fast.Tests.Policy;

namespace Merlon.Fast.Tests.Fuzz;

/// <summary>Inputs near those of a corpus: a few random edits each. The same seed gives the same inputs on every machine.</summary>
internal sealed class Mutations(ulong seed, IReadOnlyList<byte[]> corpus)
{
    private const int MostBytes = 1 << 16;

    private static readonly byte[][] s_words =
    [
        .. new[]
        {
            "any", "group/", "vm/", "cidr/", "10.0.0.0/8", "::/0", "fe80::/129", "tcp/", "icmp6/255/255", "proto/256", "service/ping", "65536", "-1", "4294967296", "9223372036854775808",
            "[", "]", "{", "}", "\"", "'", "&a", "*a", "!!binary ", "---\n", "\n  - ", ": ", "? ", "#", "|\n", ">\n", "%YAML 1.2\n", "\u0000", "\ufeff", "\u2028", "é", "🙂", "null", "~", "true", "1e999", "0x10",
            "2027-01-01", "9999-12-31T23:59:59Z", "mon-sun 00:00-24:00", "Europe/Berlin", "platform", "sharedWith: [", "except: [any]", "pass", "observe", "schedule: {zone: UTC, times: [",
        }.Select(Encoding.UTF8.GetBytes),
        [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0x80, 0x80, 0x80, 0x80, 0x10], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ];

    private readonly Dice _dice = new(seed);

    public byte[] Next()
    {
        var bytes = _dice.Of(corpus).ToList();
        for (var edits = _dice.Between(1, 6); edits > 0; edits--) Edit(bytes);
        return [.. bytes.Take(MostBytes)];
    }

    private void Edit(List<byte> bytes)
    {
        var at = _dice.Below(bytes.Count + 1);
        var length = Math.Min(_dice.Of([1, 1, 2, 4, 16, 200]), bytes.Count - at);
        switch (_dice.Below(7))
        {
            case 0 when length > 0:
                bytes[at] ^= (byte)(1 << _dice.Below(8));
                break;
            case 1 when length > 0:
                bytes[at] = (byte)_dice.Next();
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.InsertRange(at, Repeated(bytes.GetRange(at, length)));
                break;
            case 4:
                var other = _dice.Of(corpus);
                var from = _dice.Below(other.Length + 1);
                bytes.InsertRange(at, other.AsSpan(from, Math.Min(_dice.Below(400), other.Length - from)).ToArray());
                break;
            case 5:
                bytes.RemoveRange(at, length);
                bytes.InsertRange(at, _dice.Of(s_words));
                break;
            default:
                bytes.InsertRange(at, _dice.Of(s_words));
                break;
        }
    }

    private IEnumerable<byte> Repeated(List<byte> part) => Enumerable.Repeat(part, _dice.Of([1, 1, 2, 8, 100])).SelectMany(p => p);
}
