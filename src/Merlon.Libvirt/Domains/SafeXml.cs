using System.Xml;
using System.Xml.Linq;

namespace Merlon.Libvirt.Domains;

/// <summary>Loads XML that a tenant may have written: no DTD, no external entity, bounded size and depth.</summary>
internal static class SafeXml
{
    internal const int MaxCharacters = 4 * 1024 * 1024;
    internal const int MaxDepth = 64;

    internal static XElement Load(string xml)
    {
        try
        {
            CheckDepth(xml);
            using var reader = Reader(xml);
            return XElement.Load(reader);
        }
        catch (XmlException error)
        {
            throw new FormatException($"not acceptable XML: {error.Message}", error);
        }
    }

    // XElement.Load is iterative, but later walks of a very deep tree need not be.
    private static void CheckDepth(string xml)
    {
        using var reader = Reader(xml);
        while (reader.Read())
        {
            if (reader.Depth > MaxDepth)
                throw new FormatException($"not acceptable XML: nested deeper than {MaxDepth}");
        }
    }

    private static XmlReader Reader(string xml) => XmlReader.Create(new StringReader(xml), new XmlReaderSettings
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = MaxCharacters,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    });
}
