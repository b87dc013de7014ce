using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Analysis;

/// <summary>The packet that z3 looks for: one family in one realm; its fields, and what holds of every packet.</summary>
public sealed class SmtLine(string realm, AddressFamily family)
{
    public const string Values = "src dst proto dport sport";

    public string Realm => realm;

    public AddressFamily Family => family;

    private int Width => family == AddressFamily.IPv4 ? 32 : 128;

    public string Declarations =>
        $"(declare-const src (_ BitVec {Width}))\n(declare-const dst (_ BitVec {Width}))\n(declare-const proto (_ BitVec 8))\n"
        + "(declare-const dport (_ BitVec 16))\n(declare-const sport (_ BitVec 16))";

    /// <summary>Ends that can be, ports only where there are any, no ICMP that opens nothing.</summary>
    public string Packet => And(
        "(not (= src dst))", Not(In("src", "0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/127", "ff00::/8")), Not(In("dst", "0.0.0.0/8", "127.0.0.0/8", "::/127")),
        $"(not {Proto(family == AddressFamily.IPv4 ? 58 : 1)})",
        Or(Proto(6), Proto(17), Proto(132), And("(= sport #x0000)", Or(Proto(1), Proto(58), "(= dport #x0000)"))),
        Not(And(Proto(1), Or("(= dport #x0000)", Types(3, 5), Types(11, 12)))),
        Not(And(Proto(58), Or(Types(0, 127), $"(= dport {Hex(129 << 8)})"))));

    /// <summary>Built-in rules, as datapath/builtin.h has them.</summary>
    public string Builtin(Direction direction)
    {
        var input = direction == Direction.In;
        var (client, server) = family == AddressFamily.IPv4 ? (68, 67) : (546, 547);
        var (from, to) = input ? (server, client) : (client, server);
        return Or(And(Proto(58), Types(133, 137)),
            And(In("dst", "224.0.0.0/4", "ff00::/8"), Or(Proto(2), And(Proto(58), Or(Types(131, 132), Types(143, 143), input ? Types(130, 130) : "false")))),
            And(Proto(17), $"(= sport {Hex(from)})", $"(= dport {Hex(to)})"));
    }

    public string In(string end, Prefix prefix)
    {
        if (prefix.Family != family) return "false";
        if (prefix.Length == 0) return "true";
        return $"(= ((_ extract {Width - 1} {Width - prefix.Length}) {end}) (_ bv{prefix.Network.Bits >> (Width - prefix.Length)} {prefix.Length}))";
    }

    public static string Service(ServiceMatch m) => And(
        m.Protocol < 0 ? "true" : Proto(m.Protocol), Range("dport", m.Low, m.High), Range("sport", m.SourceLow, m.SourceHigh));

    public static string And(params IEnumerable<string> terms) => Join("and", "true", "false", terms);

    public static string Or(params IEnumerable<string> terms) => Join("or", "false", "true", terms);

    public static string Not(string term) => $"(not {term})";

    private string In(string end, params string[] prefixes) => Or(prefixes.Select(p => In(end, Prefix.TryParse(p, out var prefix) ? prefix : default)));

    private static string Proto(int number) => $"(= proto (_ bv{number} 8))";

    private static string Types(int low, int high) => Range("dport", low << 8, high << 8 | 255);

    private static string Range(string field, int low, int high) => low == 0 && high == 65535 ? "true"
        : low == high ? $"(= {field} {Hex(low)})" : $"(and (bvuge {field} {Hex(low)}) (bvule {field} {Hex(high)}))";

    private static string Hex(int port) => $"#x{port:x4}";

    private static string Join(string word, string neutral, string final, IEnumerable<string> terms)
    {
        var all = terms.Where(t => t != neutral).Distinct().ToArray();
        return all.Contains(final) ? final : all.Length switch { 0 => neutral, 1 => all[0], _ => $"({word} {string.Join(' ', all)})" };
    }
}
