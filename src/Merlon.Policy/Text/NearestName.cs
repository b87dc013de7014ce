namespace Merlon.Policy.Text;

/// <summary>The known name that a mistyped one probably meant.</summary>
internal static class NearestName
{
    /// <summary><c>did you mean 'x'?</c>, or null when nothing is near.</summary>
    public static string? Hint(string wrong, IEnumerable<string> known)
    {
        if (wrong.Length is 0 or > 64) return null;
        string? best = null;
        var bestDistance = Math.Max(1, wrong.Length / 3) + 1;
        foreach (var name in known.Order(StringComparer.Ordinal))
        {
            if (Math.Abs(name.Length - wrong.Length) >= bestDistance) continue;
            var distance = Distance(wrong, name);
            if (distance < bestDistance) (best, bestDistance) = (name, distance);
        }
        return best is null ? null : $"did you mean '{best}'?";
    }

    /// <summary>Edits to turn one into the other, neighbours swapped counting once (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var same = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + same);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
