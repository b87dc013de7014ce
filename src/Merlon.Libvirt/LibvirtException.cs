using Merlon.Libvirt.Native;

namespace Merlon.Libvirt;

/// <summary>A refusal by libvirt: its error code (virErrorNumber), its message, and what the operator can do about it.</summary>
public sealed class LibvirtException(int code, string message, string mend) : Exception($"{message} ({mend})")
{
    private const int NoSupport = 3, NoConnect = 5, SystemError = 38, RpcError = 39, NoDomain = 42, AuthFailed = 45, ConnectionInvalid = 6;

    public int Code { get; } = code;

    public string Detail { get; } = message;

    public string Mend { get; } = mend;

    public bool IsNoDomain => Code == NoDomain;

    internal static unsafe LibvirtException Last(string doing)
    {
        var code = LibvirtNative.virGetLastErrorCode();
        var text = NativeText.Borrowed(LibvirtNative.virGetLastErrorMessage()) ?? "no message";
        return new LibvirtException(code, $"libvirt: {doing}: {text}", MendFor(code));
    }

    internal static LibvirtException LibraryMissing() =>
        new(0, "libvirt: libvirt.so.0 is not installed", "install the package libvirt0 and libvirt-daemon-system");

    private static string MendFor(int code) => code switch
    {
        NoConnect or SystemError or RpcError or ConnectionInvalid =>
            "is libvirtd running? start it (systemctl start libvirtd) and check the socket in the connection URI",
        AuthFailed => "run as root, or as a member of the group libvirt",
        NoDomain => "the VM is gone",
        NoSupport => "this libvirt driver lacks the call: use a qemu:/// URI",
        _ => "see libvirtd's own log for the cause",
    };
}
