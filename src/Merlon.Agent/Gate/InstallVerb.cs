namespace Merlon.Agent.Gate;

/// <summary>merlon-agent install-hook and remove-hook: whether libvirt calls the start gate.</summary>
internal static class InstallVerb
{
    private const string Reload = "libvirt learns of it when it starts or is told to look: systemctl reload libvirtd (or virtqemud)";

    public static void Install(ReadOnlySpan<string> words)
    {
        var (options, file) = Parse(words);
        if (!File.Exists(options.ObjectPath)) throw new AgentFault("object-missing", $"the BPF object {options.ObjectPath} is missing", "name the file with --object");
        file.Install(options, Environment.ProcessPath!);
        Console.WriteLine($"wrote {file.Path}; {Reload}");
    }

    public static void Remove(ReadOnlySpan<string> words)
    {
        var (_, file) = Parse(words);
        Console.WriteLine(file.Remove() ? $"removed {file.Path}: VMs start unguarded; {Reload}" : $"nothing to remove: {file.Path} is not there");
    }

    private static (AgentOptions, HookFile) Parse(ReadOnlySpan<string> words)
    {
        var (rest, folder) = (new List<string>(), HookFile.DefaultFolder);
        for (var i = 0; i < words.Length; i++)
            if (words[i] == "--hooks" && i + 1 < words.Length) folder = Path.GetFullPath(words[++i]);
            else rest.Add(words[i]);
        return (AgentOptions.Parse([.. rest]), new(folder));
    }
}
