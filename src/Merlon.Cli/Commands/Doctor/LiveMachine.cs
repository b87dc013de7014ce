using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;

namespace Merlon.Cli.Commands.Doctor;

/// <summary>This machine.</summary>
internal sealed class LiveMachine : IMachine
{
    public DateTimeOffset Now => DateTimeOffset.UtcNow;

    public string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public byte[] Start(string path, int count)
    {
        try
        {
            using var file = File.OpenRead(path);
            var bytes = new byte[count];
            return bytes[..file.ReadAtLeast(bytes, count, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    public bool Exists(string path) => Path.Exists(path);

    public IReadOnlyList<string> List(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    public string? WriteProblem(string folder)
    {
        // bpffs takes no dots and no regular files.
        var probe = Path.Combine(folder, $"merlon-doctor-{Environment.ProcessId}");
        try
        {
            if (!Directory.Exists(folder)) return "it does not exist";
            Directory.CreateDirectory(probe);
            Directory.Delete(probe);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    public string? ConnectProblem(string socket)
    {
        if (!File.Exists(socket)) return "no such socket";
        using var probe = new Socket(System.Net.Sockets.AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(socket));
            return null;
        }
        catch (SocketException e)
        {
            return e.Message;
        }
    }

    public long? FreeBytes(string path)
    {
        for (var folder = new DirectoryInfo(path); folder is not null; folder = folder.Parent)
            if (folder.Exists) return new DriveInfo(folder.FullName).AvailableFreeSpace;
        return null;
    }

    public async Task<string?> Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            var text = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0 ? text : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
