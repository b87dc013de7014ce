using System.Runtime.InteropServices;
using Merlon.Datapath.Native;

namespace Merlon.Datapath;

/// <summary>chown(2), which .NET does not offer.</summary>
public static class FileOwner
{
    private const uint Unchanged = uint.MaxValue;

    /// <summary>Throws <see cref="IOException"/>.</summary>
    public static void Set(string path, uint user)
    {
        if (Libc.ChangeOwner(path, user, Unchanged) != 0) throw new IOException($"{path} cannot be given to user {user}: {Marshal.GetLastPInvokeErrorMessage()}");
    }
}
