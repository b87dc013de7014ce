using System.Runtime.InteropServices;
using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>What a dropped packet has changed in the records of connections, byte by byte: windows, times and counts too.</summary>
internal static class RecordChange
{
    // A cut is told to the entry: it is revoked, and goes in 30 s.
    private static readonly string[] s_cut = [nameof(ConnRecord.Flags), nameof(ConnRecord.Expires)];

    /// <summary>Null = every record is there as it was.</summary>
    public static string? First(Dictionary<string, ConnRecord> before, Dictionary<string, ConnRecord> after, Reason reason)
    {
        foreach (var (key, was) in before)
        {
            if (!after.TryGetValue(key, out var now)) return $"{key}: it is gone";
            var changed = Fields(was, now).Except(reason == Reason.Revoked ? s_cut : []).ToArray();
            if (changed.Length > 0) return $"{key}: {string.Join(", ", changed)}";
        }
        return null;
    }

    private static IEnumerable<string> Fields(ConnRecord was, ConnRecord now)
    {
        var fields = Twin.FieldsOf(typeof(ConnRecord)).ToArray();
        var (a, b) = (MemoryMarshal.AsBytes([was]).ToArray(), MemoryMarshal.AsBytes([now]).ToArray());
        return Enumerable.Range(0, a.Length).Where(i => a[i] != b[i]).Select(i => fields.Last(f => f.Offset <= i).Name).Distinct();
    }
}
