using System.Collections.Immutable;
using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>Lists of references, prefixes, groups, services and names; every bad item is a finding of its own.</summary>
internal sealed class TermReader(Findings findings)
{
    private delegate T? Parse<T>(string text, Position at, out Problem? problem);

    public ImmutableArray<Reference> References(Fields fields, string name, bool required = false, bool inGuard = false) =>
        Items(fields, name, required, (string text, Position at, out Problem? p) => ReferenceText.Parse(text, at, inGuard, out p));

    /// <summary>Groups by name; <c>group/NAME</c> is understood as well.</summary>
    public ImmutableArray<Reference> Groups(Fields fields, string name) =>
        Items(fields, name, false, (string text, Position at, out Problem? p) =>
            ReferenceText.Group(text.StartsWith("group/", StringComparison.Ordinal) ? text[6..] : text, at, out p));

    /// <summary>Prefixes; <c>cidr/PREFIX</c> is understood as well.</summary>
    /// <param name="wrong">What is wrong with one that can be read; null = nothing.</param>
    public ImmutableArray<Prefix> Prefixes(Fields fields, string name, Func<Prefix, Problem?>? wrong = null) =>
        [.. Items(fields, name, false, (string text, Position at, out Problem? p) =>
        {
            if (ReferenceText.ParsePrefix(text.StartsWith("cidr/", StringComparison.Ordinal) ? text[5..] : text, out p) is not { } prefix) return null;
            p = wrong?.Invoke(prefix);
            return p is null ? new Box<Prefix>(prefix) : null;
        }).Select(b => b.Value)];

    public ImmutableArray<ServiceTerm> Services(Fields fields, string name) =>
        Items<ServiceTerm>(fields, name, true, ServiceText.Parse);

    /// <summary>Those that may pass without a connection; what a named Service is, is known with the whole set only.</summary>
    public ImmutableArray<ServiceTerm> UntrackedServices(Fields fields, string name) =>
        Items(fields, name, false, (string text, Position at, out Problem? p) =>
        {
            var term = ServiceText.Parse(text, at, out p);
            if (term is { Name: null } && !Model.UntrackedServices.MayList(term.Match))
                p = new("bad-service", $"'{text}' cannot pass untracked: only TCP, and not all of its ports", "expected tcp/PORT[-PORT] or service/NAME");
            return p is null ? term : null;
        });

    public ImmutableArray<Address> Addresses(Fields fields, string name) =>
        [.. Items(fields, name, false, (string text, Position at, out Problem? p) =>
        {
            p = !Address.TryParse(text, out var address) ? new("bad-address", $"'{text}' is no address")
                : address.IsOwnable ? null : new("bad-address", $"'{text}' cannot be anybody's own address");
            return p is null ? new Box<Address>(address) : null;
        }).Select(b => b.Value)];

    public ImmutableArray<string> Names(Fields fields, string name, string what) =>
        Items(fields, name, false, (string text, Position at, out Problem? p) =>
        {
            p = NameRules.IsName(text) ? null : new("bad-name", $"'{text}' is no {what} name", "expected " + NameRules.Documents);
            return p is null ? text : null;
        });

    /// <summary>One service in a field of its own.</summary>
    public ServiceTerm? Service(Fields fields, string name)
    {
        if (fields.Text(name, required: true) is not { } text) return null;
        var service = ServiceText.Parse(text, fields.Place(name), out var problem);
        Report(problem, fields.Place(name));
        return service;
    }

    public void Report(Problem? problem, Position at)
    {
        if (problem is not null) findings.Error(problem.Code, at, problem.Message, problem.Hint);
    }

    private ImmutableArray<T> Items<T>(Fields fields, string name, bool required, Parse<T> parse) where T : class
    {
        var nodes = fields.List(name, required);
        if (required && nodes.IsEmpty && fields.Get(name) is YamlList) findings.Error("empty-list", fields.Place(name), $"'{name}' names nothing", "'any' names everything");
        var items = ImmutableArray.CreateBuilder<T>(nodes.Length);
        foreach (var node in nodes)
        {
            if (fields.TextOf(node, $"an entry of '{name}'") is not { } text) continue;
            var item = parse(text, node.At, out var problem);
            Report(problem, node.At);
            if (item is not null) items.Add(item);
        }
        return items.ToImmutable();
    }

    private sealed record Box<T>(T Value);
}
