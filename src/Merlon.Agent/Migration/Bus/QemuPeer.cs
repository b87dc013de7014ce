using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Merlon.Contracts;

namespace Merlon.Agent.Migration.Bus;

/// <summary>Who is at the other end of a VM's bus: the process that libvirt started for this VM. Files keep other users out; of the QEMUs of one user, one that was
/// taken over could still write itself another command line, and reach more of its neighbours than this (docs/threat-model.md).</summary>
internal static class QemuPeer
{
    /// <summary>A QEMU's has some kB.</summary>
    public const int MostCommandLine = 256 * 1024;

    private const int SolSocket = 1, PeerCredentials = 17, CredentialBytes = 12;

    public static bool IsOf(Socket socket, string vm)
    {
        try
        {
            Span<byte> credentials = stackalloc byte[CredentialBytes];
            socket.GetRawSocketOption(SolSocket, PeerCredentials, credentials);
            var pid = BinaryPrimitives.ReadInt32LittleEndian(credentials);
            return IsFor(CommandLine(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cmdline")), vm);
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>As far as it is not longer than any QEMU's, else empty: where it lies, and how long it is, a process says itself.</summary>
    public static ReadOnlySpan<byte> CommandLine(string file)
    {
        using var from = File.OpenRead(file);
        return BoundedBytes.Read(from, MostCommandLine - 1) is { } line ? line.Span : [];
    }

    /// <param name="commandLine">As in proc(5).</param>
    public static bool IsFor(ReadOnlySpan<byte> commandLine, string vm) => commandLine.IndexOf(Encoding.ASCII.GetBytes($"\0-uuid\0{vm}\0")) >= 0;
}
