using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

internal sealed class TenantReader(Findings findings)
{
    public TenantDocument? Read(DocumentHead head, YamlNode node)
    {
        if (Fields.Open(node, "a Tenant's spec", findings, "default") is not { } spec) return null;
        var (output, input) = (RuleAction.Deny, RuleAction.Deny);
        if (spec.Get("default") is { } d && Fields.Open(d, "default", findings, "out", "in") is { } fields)
            (output, input) = (fields.Choice("out", output, false, Words.Defaults), fields.Choice("in", input, false, Words.Defaults));
        return new(head.Tenant, head.Name, head.Annotations, head.At, output, input);
    }
}
