using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary>Turns errno into an exception that a person can act on.</summary>
internal static class BpfError
{
    /// <param name="result">A negative errno, as libbpf returns it.</param>
    public static DatapathException Of(string code, string what, int result)
    {
        var errno = -result;
        var text = $"{what}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})";
        return errno switch
        {
            Libc.Eperm or Libc.Eacces => new("permission", text, "run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"),
            Libc.Enomem => new("no-memory", text, "lower the table sizes in the agent's configuration, or give the host more memory"),
            _ => new(code, text, "run 'merlon doctor' to see what this kernel lacks"),
        };
    }

    /// <summary>Passes a result that is not negative; throws for the rest.</summary>
    public static int Check(int result, string code, string what) => result >= 0 ? result : throw Of(code, what, result);
}
