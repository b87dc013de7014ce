using System.Globalization;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>Services from and to text: <c>any | tcp|udp|sctp[/PORT[-PORT]] | icmp|icmp6[/TYPE[/CODE]] | proto/N | service/NAME</c>.</summary>
public static class ServiceText
{
    private const string Expected = "expected any, tcp|udp|sctp[/PORT[-PORT]], icmp|icmp6[/TYPE[/CODE]], proto/N or service/NAME";

    /// <summary>One service, or why it is none.</summary>
    public static ServiceTerm? Parse(string text, Position at, out Problem? problem)
    {
        var parts = text.Split('/');
        problem = null;
        switch (parts[0])
        {
            case "any" when parts.Length == 1: return new(null, ServiceMatch.Any, at);
            case "tcp" or "udp" or "sctp" when parts.Length <= 2: return Ports(parts, at, out problem);
            case "icmp" or "icmp6" when parts.Length <= 3: return Icmp(parts, at, out problem);
            case "proto" when parts.Length == 2: return Protocol(parts[1], at, out problem);
            case "service" when parts.Length == 2 && NameRules.IsName(parts[1]): return new(parts[1], default, at);
        }
        problem = new("bad-service", $"'{text}' is no service", Expected);
        return null;
    }

    /// <summary>PORT or PORT-PORT, 0-65535.</summary>
    public static (int Low, int High)? ParsePorts(string text, out Problem? problem)
    {
        problem = null;
        var parts = text.Split('-');
        var numbers = parts.Select(p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : -1).ToArray();
        if (parts.Length > 2 || numbers.Contains(-1)) problem = new("bad-port", $"'{text}' is no port", "expected PORT or PORT-PORT");
        else if (numbers.FirstOrDefault(n => n > 65535, -1) is var big and >= 0) problem = new("bad-port", $"port {big} is more than 65535", "ports are 0-65535");
        else if (numbers[^1] < numbers[0]) problem = new("bad-port", $"port range {text} is backwards", $"did you mean {numbers[^1]}-{numbers[0]}?");
        else return (numbers[0], numbers[^1]);
        return null;
    }

    /// <summary>The text of a match, source ports aside.</summary>
    public static string Format(ServiceMatch m)
    {
        var all = m is { Low: 0, High: 65535 };
        return m.Protocol switch
        {
            -1 => "any",
            6 or 17 or 132 => Invariant($"{Protocols.Name(m.Protocol)}{(all ? "" : "/" + Range(m.Low, m.High))}"),
            1 or 58 when all => Protocols.Name(m.Protocol),
            1 or 58 => Invariant($"{Protocols.Name(m.Protocol)}/{m.Low >> 8}{(m.Low == m.High ? Invariant($"/{m.Low & 255}") : "")}"),
            _ => Invariant($"proto/{m.Protocol}"),
        };
    }

    public static string Range(int low, int high) => low == high ? Invariant($"{low}") : Invariant($"{low}-{high}");

    private static ServiceTerm? Ports(string[] parts, Position at, out Problem? problem)
    {
        problem = null;
        var protocol = Protocols.Number(parts[0]);
        if (parts.Length == 1) return new(null, ServiceMatch.Any with { Protocol = protocol }, at);
        return ParsePorts(parts[1], out problem) is var (low, high) ? new(null, new(protocol, low, high, 0, 65535), at) : null;
    }

    private static ServiceTerm? Icmp(string[] parts, Position at, out Problem? problem)
    {
        problem = null;
        var match = ServiceMatch.Any with { Protocol = Protocols.Number(parts[0]) };
        var bytes = parts[1..].Select(p => byte.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out var b) ? b : -1).ToArray();
        if (bytes.Contains(-1))
        {
            problem = new("bad-service", $"'{string.Join('/', parts)}': type and code are 0-255", "expected " + parts[0] + "[/TYPE[/CODE]]");
            return null;
        }
        if (bytes.Length > 0) match = match with { Low = bytes[0] << 8 | (bytes.Length > 1 ? bytes[1] : 0), High = bytes[0] << 8 | (bytes.Length > 1 ? bytes[1] : 255) };
        return new(null, match, at);
    }

    private static ServiceTerm? Protocol(string text, Position at, out Problem? problem)
    {
        problem = null;
        if (byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return new(null, ServiceMatch.Any with { Protocol = number }, at);
        problem = new("bad-service", $"'proto/{text}' is no protocol", "a protocol number is 0-255");
        return null;
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
