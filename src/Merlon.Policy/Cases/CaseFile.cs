using System.Collections.Immutable;
using Merlon.Policy.Text;

namespace Merlon.Policy.Cases;

/// <summary>Reads a file of cases, YAML or JSON: a list of <c>{from, to, service, sourcePort?, at?, expect, rule?, reason?}</c>,
/// or PolicyTest documents.</summary>
public static class CaseFile
{
    public static CaseFileResult Parse(ManifestText file)
    {
        var findings = new Findings();
        var rows = ImmutableArray.CreateBuilder<CaseRow>();
        foreach (var node in new YamlReader(file, findings).Read())
        {
            var errors = findings.Errors;
            if (node is YamlList list) rows.AddRange(new CasesReader(findings).Rows(list.Items));
            else if (new DocumentReader(findings).Read(node) is Model.PolicyTestDocument test) rows.AddRange(test.Cases);
            else if (findings.Errors == errors) findings.Error("bad-kind", node.At, "a file of cases holds a list of cases or PolicyTest documents");
        }
        return new(rows.ToImmutable(), findings.InOrder());
    }
}
