using System.Collections.Immutable;
using Merlon.Policy.Text;

namespace Merlon.Policy.Cases;

/// <summary>Reads a file of cases, YAML or JSON: a list of <c>{from, to, service, sourcePort?, at?, expect, rule?, reason?}</c>.</summary>
public static class CaseFile
{
    public static CaseFileResult Parse(ManifestText file) => throw new NotImplementedException();
}

