using System.Globalization;
using System.Xml;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Offline;

/// <summary>Results of cases as CI servers read them (JUnit's XML, one suite). A character that XML cannot hold stands as a question mark.</summary>
internal static class JUnit
{
    public static void Write(string file, IReadOnlyList<CaseResult> results, Func<CaseResult, string> expected)
    {
        using var xml = XmlWriter.Create(file, new XmlWriterSettings { Indent = true });
        xml.WriteStartElement("testsuite");
        xml.WriteAttributeString("name", "merlon");
        xml.WriteAttributeString("tests", results.Count.ToString(CultureInfo.InvariantCulture));
        xml.WriteAttributeString("failures", results.Count(r => !r.Ok).ToString(CultureInfo.InvariantCulture));
        foreach (var r in results)
        {
            xml.WriteStartElement("testcase");
            xml.WriteAttributeString("classname", "merlon." + Clean(r.Engine));
            xml.WriteAttributeString("name", Clean(FormattableString.Invariant($"{r.Index}: {r.From} -> {r.To} {r.Service}")));
            if (!r.Ok)
            {
                xml.WriteStartElement("failure");
                xml.WriteAttributeString("message", Clean($"expected {expected(r)}, got {r.Verdict} ({r.Reason})"));
                xml.WriteString(Clean($"out: {r.OutRule}; in: {r.InRule}"));
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
        }
        xml.WriteEndElement();
    }

    private static string Clean(string text) => string.Concat(text.Select(c => XmlConvert.IsXmlChar(c) ? c : '?'));
}
