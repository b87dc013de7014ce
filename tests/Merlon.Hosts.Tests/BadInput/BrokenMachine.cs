using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.BadInput;

/// <summary>Runs a command of the product in a mount namespace of its own, where a shell line has broken something first: nobody
/// else sees the break.</summary>
public static class BrokenMachine
{
    public const string NotBroken = "true";
    public const string NoBpffs = "mount -t tmpfs none /sys/fs/bpf";
    public const string ReadOnlyBpffs = "mount -o remount,bind,ro /sys/fs/bpf";

    /// <summary>Puts a command under a user with no rights at all.</summary>
    public static string[] Nobody { get; } = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];

    /// <summary>Shell text that hides a file under an empty one.</summary>
    public static string Emptied(string file) => $"touch /run/merlon-empty-$$; mount --bind /run/merlon-empty-$$ {file}; rm /run/merlon-empty-$$";

    public static ShellResult Run(string breakage, params string[] command) => Shell.Run(
        TimeSpan.FromSeconds(20), "unshare", ["--mount", "sh", "-ec", breakage + "\nexec \"$@\"", "sh", .. command]);
}
