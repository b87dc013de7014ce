using System.Globalization;
using System.Text;

namespace Merlon.Agent.Migration.Bus;

/// <summary>The server's side of D-Bus authentication ("Authentication Protocol"): EXTERNAL alone, by the user that the kernel says.</summary>
/// <param name="uid">Of the peer (SO_PEERCRED).</param>
internal sealed class BusHandshake(uint uid)
{
    public const int MostLine = 1024;

    private static readonly string s_guid = Guid.NewGuid().ToString("N");
    private bool _asked;

    public bool IsAuthenticated { get; private set; }

    /// <summary>BEGIN has come: what follows are messages.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The answer to one line, null = none. Throws <see cref="FormatException"/> for whoever begins without being known.</summary>
    public string? Answer(string line)
    {
        var words = line.Split(' ');
        switch (words)
        {
            case ["BEGIN"]:
                IsOver = IsAuthenticated ? true : throw new FormatException("D-Bus: BEGIN before the peer is known");
                return null;
            case ["AUTH", "EXTERNAL"]:
                _asked = true;
                return "DATA";
            case ["AUTH", "EXTERNAL", var said]:
                return Known(said);
            case ["DATA"] when _asked:
                return Known("");
            case ["DATA", var said] when _asked:
                return Known(said);
            case ["AUTH", ..] or ["CANCEL"]:
                return "REJECTED EXTERNAL";
            default:
                return "ERROR"; // NEGOTIATE_UNIX_FD too: no file descriptors here
        }
    }

    private string Known(string said)
    {
        _asked = false;
        IsAuthenticated = said.Length == 0 || string.Equals(said, Convert.ToHexString(Encoding.ASCII.GetBytes(uid.ToString(CultureInfo.InvariantCulture))), StringComparison.OrdinalIgnoreCase);
        return IsAuthenticated ? $"OK {s_guid}" : "REJECTED EXTERNAL";
    }
}
