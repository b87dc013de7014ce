using System.Runtime.InteropServices;

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>A thread with a descriptor table of its own: what is open in it was opened by the code that ran on it, whatever the
/// test runner, the runtime and other tests open and close meanwhile.</summary>
internal static partial class OwnDescriptors
{
    private const int CloneFiles = 0x400;

    /// <summary>Runs on such a thread and gives what it returns or throws.</summary>
    public static T Run<T>(Func<T> inside)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (Unshare(CloneFiles) != 0) throw new InvalidOperationException("unshare: " + Marshal.GetLastPInvokeErrorMessage());
                result = inside();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result : throw new InvalidOperationException("on a thread with its own descriptors: " + failure.Message, failure);
    }

    /// <summary>Every descriptor of the calling thread's table: its number and what it is open on.</summary>
    public static IReadOnlyList<string> Open() =>
        [.. Directory.GetFileSystemEntries("/proc/thread-self/fd").Select(fd => $"{Path.GetFileName(fd)} {Target(fd)}").Order(StringComparer.Ordinal)];

    // The listing's own descriptor is closed by the time it is asked for.
    private static string Target(string fd)
    {
        try
        {
            return File.ResolveLinkTarget(fd, returnFinalTarget: false)?.ToString() ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);
}
