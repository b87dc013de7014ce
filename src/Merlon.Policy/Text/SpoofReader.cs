using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>Reads <c>antiSpoof</c> of a Guard.</summary>
internal sealed class SpoofReader(Findings findings, TermReader terms)
{
    /// <param name="unsaid">What is asked where it does not say.</param>
    public AntiSpoof Read(Fields spec, AntiSpoof unsaid)
    {
        if (spec.Get("antiSpoof") is not { } node) return unsaid;
        if (Fields.Open(node, "antiSpoof", findings, "mac", "ipv4", "ipv6", "arp", "nd", "dhcpServer", "ra", "addresses", "macs") is not { } f) return unsaid;
        SpoofCheck Check(string name) => f.Choice(name, unsaid.Mac, false, Words.SpoofChecks);
        return new(Check("mac"), Check("ipv4"), Check("ipv6"), Check("arp"), Check("nd"), Check("dhcpServer"), Check("ra")) { Licence = Licence(f) };
    }

    /// <summary><c>addresses</c> and <c>macs</c> of a mapping.</summary>
    public Licence Licence(Fields f) => f.Has("addresses") || f.Has("macs") ? new(Addresses(f), Macs(f)) : Model.Licence.None;

    private ImmutableArray<Prefix> Addresses(Fields f) => Few([.. terms.Prefixes(f, "addresses", Wrong).Distinct().Order()], "addresses", f);

    private static Problem? Wrong(Prefix prefix) => Model.Licence.MayList(prefix) ? null
        : new("bad-value", $"{prefix} holds IPv4's addresses too (::ffff:0:0/96)", "2000::/3 is all of the internet");

    private ImmutableArray<MacAddress> Macs(Fields f)
    {
        var all = new SortedSet<MacAddress>();
        foreach (var node in f.List("macs"))
        {
            if (f.TextOf(node, "an entry of 'macs'") is not { } text) continue;
            if (MacAddress.TryParse(text, out var mac) && Model.Licence.MayList(mac)) all.Add(mac);
            else findings.Error("bad-value", node.At, $"'{text}' is no MAC address of one station", "00:00:5e:00:01:0a");
        }
        return Few([.. all], "macs", f);
    }

    private ImmutableArray<T> Few<T>(ImmutableArray<T> all, string name, Fields f)
    {
        if (all.Length > Model.Licence.Most) findings.Error("out-of-range", f.Place(name), $"'{name}' of antiSpoof has {all.Length} entries, more than {Model.Licence.Most}");
        return all;
    }
}
