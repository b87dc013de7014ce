using Merlon.Policy.Model;
using Merlon.Policy.Text;

namespace Merlon.Policy.Cases;

/// <summary>One end of a case: a reference of the language, or a bare address or prefix (the same as cidr/).</summary>
public static class CaseEnd
{
    public static Reference? Parse(string text, Position at, out Problem? problem)
    {
        if (text.Length > 0 && (char.IsAsciiHexDigit(text[0]) || text[0] == ':') && Prefix.TryParse(text, out _)) text = "cidr/" + text;
        return ReferenceText.Parse(text, at, inGuard: false, out problem);
    }
}
