using Merlon.Datapath;

namespace Merlon.Agent.Migration.Bus;

/// <summary>As whom libvirt runs QEMU where nobody said otherwise. As another one it runs its VMs as ever, and their connections do not travel.</summary>
internal static class QemuUser
{
    private static readonly string[] s_names = ["libvirt-qemu", "qemu"];

    /// <summary>The file is this user's, and nobody else but root can open it.</summary>
    public static void Give(string path)
    {
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (Find(File.ReadLines("/etc/passwd")) is { } user) FileOwner.Set(path, user);
    }

    /// <param name="passwd">Lines of passwd(5).</param>
    public static uint? Find(IEnumerable<string> passwd)
    {
        var users = passwd.Select(l => l.Split(':')).Where(w => w.Length > 2 && uint.TryParse(w[2], out _)).ToLookup(w => w[0], w => uint.Parse(w[2], System.Globalization.CultureInfo.InvariantCulture));
        return s_names.SelectMany(n => users[n]).Select(u => (uint?)u).FirstOrDefault();
    }
}
