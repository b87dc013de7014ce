using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Merlon.Datapath.Native;

/// <summary>Catches what libbpf would print, so that an error can show it and a library never writes to stderr.</summary>
internal static unsafe class LibBpfLog
{
    private const int MaximumLines = 200;

    [ThreadStatic] private static List<string>? s_lines;

    public static void Install()
    {
        // SAFETY: a static method without captured state; it stays valid as long as the process.
        _ = LibBpf.SetPrint(&Print);
    }

    /// <summary>Starts collecting on this thread.</summary>
    public static void Begin() => s_lines = [];

    /// <summary>The last lines since <see cref="Begin"/>.</summary>
    public static string Tail(int lines)
    {
        var all = s_lines ?? [];
        s_lines = null;
        return string.Join('\n', all.TakeLast(lines));
    }

    [UnmanagedCallersOnly]
    private static int Print(int level, byte* format, void* arguments)
    {
        if (level > 1 || s_lines is not { Count: < MaximumLines } lines) return 0;
        // SAFETY: vsnprintf writes at most 4096 bytes, terminator included; format and arguments are libbpf's own.
        var buffer = stackalloc byte[4096];
        var length = Math.Min(Libc.Format(buffer, 4096, format, arguments), 4095);
        if (length > 0) lines.Add(Encoding.UTF8.GetString(buffer, length).TrimEnd());
        return 0;
    }
}
