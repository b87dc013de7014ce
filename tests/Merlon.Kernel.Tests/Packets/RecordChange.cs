using System.Runtime.InteropServices;
using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>What a dropped packet has changed in the records of connections, byte by byte: windows, times and counts too.</summary>
internal static class RecordChange
{
    /// <summary>Null = every record is there as it was.</summary>
    public static string? First(Dictionary<string, ConnRecord> before, Dictionary<string, ConnRecord> after, Reason reason)
    {
        foreach (var (key, was) in before)
        {
            if (!after.TryGetValue(key, out var now)) return $"{key}: it is gone";
            var changed = Fields(reason == Reason.Revoked ? Cut(was, now) : was, now).ToArray();
            if (changed.Length > 0) return $"{key}: {string.Join(", ", changed)}";
        }
        return null;
    }

    // A cut is told to the entry: it is revoked, and goes in 30 s. The other hook may just have approved it.
    private static ConnRecord Cut(ConnRecord was, ConnRecord now)
    {
        if (!now.Flags.HasFlag(ConnFlags.Revoked)) return was;
        was.Flags |= ConnFlags.Revoked;
        (was.Expires, was.Side, was.Rule) = (now.Expires, now.Side, now.Rule);
        return was;
    }

    private static IEnumerable<string> Fields(ConnRecord was, ConnRecord now)
    {
        var fields = Twin.FieldsOf(typeof(ConnRecord)).ToArray();
        var (a, b) = (MemoryMarshal.AsBytes([was]).ToArray(), MemoryMarshal.AsBytes([now]).ToArray());
        return Enumerable.Range(0, a.Length).Where(i => a[i] != b[i]).Select(i => fields.Last(f => f.Offset <= i).Name).Distinct();
    }
}
