using System.Globalization;
using Merlon.Cli.Output;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands.Get;

/// <summary>Records as tables for people.</summary>
internal static class Tables
{
    public static void Vms(Call call, IReadOnlyList<VmRecord> vms)
    {
        var t = new Listing("NAME", "TENANT", "HOST", "STATE", "GUARDED", "ADDRESSES", "GROUPS");
        foreach (var v in vms)
            t.Add(v.Name, v.Tenant, v.Host, v.State, v.Guarded, Join(v.Nics.SelectMany(n => n.Addresses)), Join(v.Groups));
        t.WriteTo(call);
    }

    public static void Nics(Call call, IReadOnlyList<NicRecord> nics)
    {
        var t = new Listing("INTERFACE", "VM", "NIC", "MAC", "NETWORK", "ADDRESSES", "GUARD", "ATTACHED", "ADOPTS UNTIL", "PROBLEM");
        foreach (var n in nics)
            t.Add(n.Ifname, n.Vm, Number(n.Index), n.Mac, n.Network, Join(n.Addresses), n.Guard, n.Attached ? "yes" : "no", n.AdoptsUntil is { } until ? Time(until) : null, n.Problem);
        t.WriteTo(call);
    }

    public static void Addresses(Call call, IReadOnlyList<AddressRecord> addresses)
    {
        var t = new Listing("ADDRESS", "VM", "NIC", "HOW", "SINCE", "UNTIL");
        foreach (var a in addresses)
            t.Add(a.Address, a.Vm, Number(a.Nic), a.How, a.Since is { } since ? Time(since) : null, a.Until is { } until ? Time(until) : null);
        t.WriteTo(call);
    }

    public static void Groups(Call call, IReadOnlyList<GroupRecord> groups)
    {
        var t = new Listing("TENANT", "NAME", "VMS", "CIDRS");
        foreach (var g in groups) t.Add(g.Tenant, g.Name, Join(g.Vms), Join(g.Cidrs));
        t.WriteTo(call);
    }

    public static void Policies(Call call, IReadOnlyList<PolicyRecord> policies)
    {
        var t = new Listing("TENANT", "NAME", "TIER", "PRIORITY", "ENFORCEMENT", "REVISION", "RULES");
        foreach (var p in policies)
            t.Add(p.Tenant, p.Name, p.Tier, Number(p.Priority), p.Enforcement, Number(p.Revision), Number(p.Rules));
        t.WriteTo(call);
    }

    public static void Rules(Call call, IReadOnlyList<RuleRecord> rules)
    {
        var t = new Listing("RULE", "TIER", "ACTION", "FROM", "TO", "SERVICES", "ENFORCEMENT", "HITS", "WOULD");
        foreach (var r in rules)
            t.Add(r.Rule, r.Tier, r.Action, Join(r.From), Join(r.To), Join(r.Services), r.Enforcement, Number(r.Hits), Number(r.Would));
        t.WriteTo(call);
    }

    public static void Hosts(Call call, IReadOnlyList<HostRecord> hosts)
    {
        var t = new Listing("NAME", "CONNECTED", "LAST SEEN", "APPLIED", "ATTACHED", "CONNECTIONS", "ALARMS", "ERROR");
        foreach (var h in hosts)
        {
            var s = h.Status;
            t.Add(h.Name, h.Connected ? "yes" : "no", Time(h.LastSeen), h.SequenceApplied == h.SequenceWanted ? Number((long)h.SequenceApplied) : $"{h.SequenceApplied} of {h.SequenceWanted}",
                s is null ? null : $"{s.Attached}/{s.Nics}", s is null ? null : $"{s.Connections}/{s.ConnectionCapacity}",
                s is null ? null : Number(s.Alarms.Count), h.Error);
        }
        t.WriteTo(call);
    }

    public static void Revisions(Call call, IReadOnlyList<RevisionRecord> revisions)
    {
        var t = new Listing("TENANT", "REVISION", "AT", "BY", "CHANGED", "NOTE");
        foreach (var r in revisions) t.Add(r.Tenant, Number(r.Revision), Time(r.At), r.By, Join(r.Changed), r.Note);
        t.WriteTo(call);
    }

    public static void Documents(Call call, IReadOnlyList<DocumentRecord> documents)
    {
        var t = new Listing("REF", "REVISION", "LINES");
        foreach (var d in documents) t.Add(d.Ref, Number(d.Revision), Number(d.Text.AsSpan().Trim('\n').Count('\n') + 1));
        t.WriteTo(call);
    }

    public static void Connections(Call call, IReadOnlyList<ConnectionRecord> connections)
    {
        var t = new Listing("SOURCE", "DESTINATION", "SERVICE", "STATE", "PACKETS", "BYTES", "AGE", "EXPIRES", "APPROVED", "RULE");
        foreach (var c in connections)
        {
            t.Add(End(c.Source), End(c.Destination), c.Service, c.Adopted && c.State != "adopted" ? c.State + " adopted" : c.State, $"{c.PacketsOut}/{c.PacketsIn}", $"{c.BytesOut}/{c.BytesIn}",
                Seconds(c.AgeMs), Seconds(c.ExpiresInMs), c.Approved, c.InRule ?? c.OutRule);
        }
        t.WriteTo(call);
    }

    public static void Migrations(Call call, IReadOnlyList<MigrationRecord> came)
    {
        var t = new Listing("AT", "VM", "FROM", "TO", "SENT", "INSTALLED", "REFUSED", "LEFT OUT", "GAP", "OUTCOME");
        foreach (var m in came)
            t.Add(Time(m.At), m.Vm, m.From, m.To, Number(m.Sent), Number(m.Installed), Number(m.Refused), Number(m.LeftOut), $"{Number(m.GapMs)} ms", m.Outcome);
        t.WriteTo(call);
    }

    /// <summary>web-1 (10.8.0.5:40000), or the address alone for what is outside.</summary>
    public static string End(FlowEndRecord end)
    {
        var address = end.Address.Contains(':', StringComparison.Ordinal) && end.Port is not null ? $"[{end.Address}]" : end.Address;
        var where = end.Port is { } port ? $"{address}:{port}" : address;
        return end.Vm is null ? where : $"{end.Vm} ({where})";
    }

    public static string Time(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Join(IEnumerable<string> words) => string.Join(", ", words);

    private static string Number(long n) => n.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(long ms) => string.Create(CultureInfo.InvariantCulture, $"{ms / 1000.0:0.0}s");
}
