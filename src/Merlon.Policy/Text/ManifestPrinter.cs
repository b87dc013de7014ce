using Merlon.Policy.Model;

namespace Merlon.Policy.Text;

/// <summary>A document in its canonical text: parsing it gives the same document again.</summary>
public static class ManifestPrinter
{
    public static string Print(Document document) => throw new NotImplementedException();
}
