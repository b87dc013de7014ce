namespace Merlon.Agent.Gate;

/// <summary>The file that libvirt calls: <c>qemu.d/50-merlon</c> in its folder of hooks, three lines of shell that run this very binary.</summary>
internal sealed class HookFile(string folder)
{
    public const string DefaultFolder = "/etc/libvirt/hooks";

    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public string Path { get; } = System.IO.Path.Combine(folder, "qemu.d", "50-merlon");

    /// <summary>Writes it, whole.</summary>
    public void Install(AgentOptions options, string binary)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        // libvirt runs every executable file of the folder: the unfinished one is made elsewhere.
        var fresh = System.IO.Path.Combine(folder, ".50-merlon.new");
        File.WriteAllText(fresh, Text(options, binary));
        File.SetUnixFileMode(fresh, Executable);
        File.Move(fresh, Path, overwrite: true);
    }

    /// <summary>False when it was not there.</summary>
    public bool Remove()
    {
        if (!File.Exists(Path)) return false;
        File.Delete(Path);
        return true;
    }

    internal static string Text(AgentOptions options, string binary) => $"""
        #!/bin/sh
        # Merlon's start gate, written by 'merlon-agent install-hook': a VM starts when it is guarded, and else does not.
        # It is called for every VM; the operations left out need nothing.
        case $2:$1 in
          start:*|release:*|migrate:*|restore:*|prepare:{HookCall.ProbeName})
            exec {Quoted(binary)} hook qemu --instance {Quoted(options.Paths.Instance)} --object {Quoted(options.ObjectPath)} -- "$@" ;;
        esac

        """;

    // The only way out of single quotes is a single quote.
    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
