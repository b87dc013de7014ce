using System.Globalization;
using Merlon.Cli.Output;

namespace Merlon.Cli.Commands.Lab;

/// <summary>What a lab's matrix looks like to people.</summary>
internal static class MatrixView
{
    public static void Show(Call call, ConnectivityMatrix matrix)
    {
        var services = matrix.Cells.Select(c => c.Service).Distinct().ToList();
        var table = new Listing(["FROM", "TO", .. services.Select(s => s.ToUpperInvariant())]);
        foreach (var pair in matrix.Cells.GroupBy(c => (c.From, c.To)))
            table.Add([pair.Key.From, pair.Key.To, .. services.Select(s => Word([.. pair.Where(c => c.Service == s)]))]);
        table.WriteTo(call);
        var delivered = matrix.Cells.Count(c => c.Delivered);
        call.Say(string.Create(CultureInfo.InvariantCulture, $"{delivered} of {matrix.Cells.Count} delivered, IPv4 and IPv6, measured in {matrix.Seconds} s"));
    }

    /// <summary>Services and IP versions of a pair that fared the same share a line.</summary>
    public static void Show(Call call, ComparedMatrix matrix)
    {
        var table = new Listing("FROM", "TO", "SERVICES", "BEFORE", "AFTER", "VERDICT", "RULE", "WHERE", "CHECK");
        foreach (var same in matrix.Cells.GroupBy(c => c with { Service = "", Family = 0 }))
        {
            var c = same.Key;
            table.Add(c.From, c.To, Services([.. same]), Word(c.Before), Word(c.After), c.Verdict, c.Rule ?? c.Reason, c.Where, c.Problem ?? "ok");
        }
        table.WriteTo(call);
        call.Say(string.Create(CultureInfo.InvariantCulture, $"measured in {matrix.Seconds} s, IPv4 and IPv6; each cell against the policy, the flow log and the measurement before"));
        call.Say($"{matrix.Passed} passed, {matrix.Failed} failed");
    }

    private static string Services(IReadOnlyList<ComparedCell> cells) => string.Join(' ', cells.GroupBy(c => c.Service)
        .Select(s => s.Count() > 1 ? s.Key : $"{s.Key}(IPv{s.First().Family})"));

    private static string Word(bool? delivered) => delivered switch { true => "yes", false => "no", null => "" };

    private static string? Word(IReadOnlyList<MatrixCell> families) => families.Count(c => c.Delivered) switch
    {
        _ when families.Count == 0 => null,
        0 => "no",
        var n when n == families.Count => "yes",
        _ => $"IPv{families.First(c => c.Delivered).Family} only",
    };
}
