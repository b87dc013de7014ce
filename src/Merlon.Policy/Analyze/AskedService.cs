using System.Collections.Immutable;
using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Analyze;

/// <summary>The services of a question in words; <c>service/NAME</c> is anybody's.</summary>
internal static class AskedService
{
    public static ImmutableArray<ServiceMatch>? Parse(PolicySet policy, string text, out Problem? problem)
    {
        if (ServiceText.Parse(text, default, out problem) is not { } term) return null;
        if (term.Name is null or BuiltinServices.Ping) return policy.Matches("", [term]);
        var known = policy.Documents.Select(d => d.Document).OfType<ServiceDocument>().ToArray();
        if (known.FirstOrDefault(s => s.Name == term.Name) is { } service) return policy.Matches(service.Tenant, [term]);
        problem = new("unknown-service", $"service '{term.Name}' does not exist",
            NearestName.Hint(term.Name, known.Select(s => s.Name).Append(BuiltinServices.Ping).Distinct()) ?? "name a Service of the policy");
        return null;
    }
}
