using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>Reads tests/cases/packets/*.yaml. What cannot be read is a finding with file, line and column; the rest is read on.</summary>
internal sealed class PacketFile
{
    private static readonly Lazy<Parties> s_parties = new(() => new(ManifestParser.Parse([World("inventory")[0]]).Documents.OfType<InventoryDocument>().Single()));
    private static readonly Lazy<(PacketRow[] Rows, Diagnostic[] Findings)> s_all = new(ReadAll);
    private readonly Findings _findings;
    private readonly PacketText _packets;
    private readonly string _path;

    private PacketFile(string path, Findings findings) => (_path, _packets, _findings) = (path, new(s_parties.Value), findings);

    public static string Folder => Path.Combine(KernelObject.Repository, "tests/cases/packets");

    public static PacketRow[] Rows => s_all.Value.Rows;

    public static Diagnostic[] Findings => s_all.Value.Findings;

    /// <summary>The manifests of a world.</summary>
    public static ManifestText[] World(string name) =>
        [.. new[] { "inventory", name }.Select(n => Path.Combine("worlds", n + ".yaml")).Select(p => new ManifestText(p, File.ReadAllText(Path.Combine(Folder, p))))];

    private static (PacketRow[], Diagnostic[]) ReadAll()
    {
        var findings = new Findings();
        var rows = Directory.GetFiles(Folder, "*.yaml").Order(StringComparer.Ordinal)
            .SelectMany(p => Read(Path.GetFileName(p), File.ReadAllText(p), findings)).ToArray();
        foreach (var twice in rows.GroupBy(r => (r.File, r.Name)).Where(g => g.Count() > 1))
            findings.Error("duplicate-row", twice.Last().At, $"two rows are named '{twice.Key.Name}'");
        return (rows, [.. findings.InOrder()]);
    }

    public static PacketRow[] Read(string path, string text, Findings findings) => [.. new PacketFile(path, findings).Read(text)];

    private List<PacketRow> Read(string text)
    {
        var rows = new List<PacketRow>();
        foreach (var node in new YamlReader(new(_path, text), _findings).Read())
        {
            if (Fields.Open(node, "a packet file", _findings, "subject", "world", "tables", "setup", "begins", "rows") is not { } file) continue;
            var subject = file.Text("subject", required: true) ?? "";
            var world = new WorldKey(file.Text("world") ?? "shop", file.Number("tables", 0, 1, 65536));
            var begins = Begins(file);
            var setup = Setup(file);
            rows.AddRange(file.List("rows", required: true).Select(r => Row(r, subject, world, setup, begins)).OfType<PacketRow>());
        }
        return rows;
    }

    private Dictionary<string, PacketStep[]> Begins(Fields file)
    {
        var begins = new Dictionary<string, PacketStep[]>(StringComparer.Ordinal);
        if (file.Get("begins") is not { } node) return begins;
        if (node is not YamlMap map) _findings.Error("wrong-type", node.At, "'begins' must be a mapping of names to lists of steps");
        else
            foreach (var (key, value) in map.Entries) begins[key.Value] = Steps(value is YamlList list ? [.. list.Items] : [value], judged: false);
        return begins;
    }

    private PacketRow? Row(YamlNode node, string subject, WorldKey world, PortSetup[] common, Dictionary<string, PacketStep[]> begins)
    {
        if (Fields.Open(node, "a row", _findings, "name", "why", "world", "setup", "begin", "packets", "state", "budgets", "claims") is not { } row) return null;
        var before = _findings.Errors;
        var name = row.Text("name", required: true) ?? "";
        PacketStep[] beginning = [];
        if (row.Text("begin") is { } begin && !begins.TryGetValue(begin, out beginning!))
            _findings.Error("unknown-begin", row.Place("begin"), $"'begins' has no '{begin}'");
        var steps = Steps([.. row.List("packets", required: true)], judged: true);
        if (steps.Length == 0 && _findings.Errors == before) _findings.Error("missing-field", row.At, "a row needs at least one packet");
        var state = row.Get("state", required: true) switch
        {
            YamlScalar { Value: "none" } or null => [],
            YamlList list => [.. list.Items],
            var one => (YamlNode[])[one],
        };
        var entries = state.Select(s => Parsed(s, EntryText.Parse)).OfType<EntryText>().ToArray();
        var budgets = row.Texts("budgets").Select(b => new BudgetText(b.Key, b.Value)).ToArray();
        var claims = row.List("claims").Select(c => row.TextOf(c, "an entry of 'claims'")).OfType<string>().ToArray();
        var setup = row.Has("setup") ? Setup(row) : common;
        return _findings.Errors > before ? null
            : new(_path, subject, name, row.At, world with { Name = row.Text("world") ?? world.Name }, setup, [.. beginning, .. steps], entries, budgets, claims);
    }

    private PacketStep[] Steps(YamlNode[] nodes, bool judged) =>
        [.. nodes.SelectMany(n => Parsed(n, text => _packets.Parse(text, n.At, judged)) ?? [])];

    private T? Parsed<T>(YamlNode node, Func<string, T> parse) where T : class
    {
        try
        {
            if (node is YamlScalar { IsNull: false } text) return parse(text.Value);
            _findings.Error("wrong-type", node.At, "this must be one line of text");
        }
        catch (FormatException e)
        {
            _findings.Error("bad-packet", node.At, e.Message);
        }
        return null;
    }

    // setup: {web: {arp: observe, halfOpen: 5, owns: [10.0.0.9]}}
    private PortSetup[] Setup(Fields of)
    {
        if (of.Get("setup") is not { } node) return [];
        if (node is not YamlMap map)
        {
            _findings.Error("wrong-type", node.At, "'setup' must be a mapping of VMs");
            return [];
        }
        return [.. map.Entries.Select(e => Port(e.Key.Value, e.Value)).OfType<PortSetup>()];
    }

    private PortSetup? Port(string vm, YamlNode node)
    {
        if (Fields.Open(node, "a VM's setup", _findings, "mac", "ipv4", "ipv6", "arp", "nd", "dhcpServer", "ra", "connections", "halfOpen", "connectionRate", "icmpRate", "neighbourRate", "vlans", "etherTypes", "owns", "addresses", "macs", "awaited", "learn", "adopt") is not { } f) return null;
        (string, byte?)[] modes = [("off", 0), ("observe", 1), ("enforce", 2)];
        byte? Mode(string name) => f.Choice(name, null, false, modes);
        var (mac, ipv4, ipv6, arp, nd, dhcp, ra) = (Mode("mac"), Mode("ipv4"), Mode("ipv6"), Mode("arp"), Mode("nd"), Mode("dhcpServer"), Mode("ra"));
        var owns = f.List("owns").Select(n => Parsed(n, text => s_parties.Value[text])).OfType<Party>().Select(p => p.Address).ToArray();
        var frames = new FramesReader(_findings).Read(f);
        var learn = f.List("learn").Select(n => f.TextOf(n, "an entry of 'learn'")).Aggregate(PortFlags.None, (flags, word) => flags | (word == "arp" ? PortFlags.LearnArp : PortFlags.LearnDhcp));
        var awaited = (byte)(f.Flag("awaited") ? 1 : 0);
        return new(vm, p => p with
        {
            SpoofMac = mac ?? p.SpoofMac,
            SpoofIpv4 = ipv4 ?? p.SpoofIpv4,
            SpoofIpv6 = ipv6 ?? p.SpoofIpv6,
            SpoofArp = arp ?? p.SpoofArp,
            SpoofNd = nd ?? p.SpoofNd,
            SpoofDhcp = dhcp ?? p.SpoofDhcp,
            SpoofRa = ra ?? p.SpoofRa,
            EtherTypes = PortEtherTypes.From(frames.EtherTypes),
            Vlans = PortVlans.From(frames.Vlans),
            Awaited = awaited,
            Flags = p.Flags | learn,
        }, (uint)f.Number("connections", 0, 0, 65535), (uint)f.Number("halfOpen", 0, 0, 65535),
            new(f.Number("connectionRate", 0, 0, Rates.Most), f.Number("icmpRate", 0, 0, Rates.Most), f.Number("neighbourRate", 0, 0, Rates.Most)), frames, owns, new SpoofReader(_findings, new(_findings)).Licence(f), f.Number("adopt", 0, 0, 600));
    }
}
