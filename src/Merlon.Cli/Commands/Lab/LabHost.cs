using Merlon.Contracts;

namespace Merlon.Cli.Commands.Lab;

/// <summary>One lab host: its namespace, its libvirt daemon and its files (made by lab/host.sh).</summary>
internal sealed record LabHost(InstancePaths Paths)
{
    public const string DefaultInstance = "lab";

    public static LabHost Of(Call call) => new(call.Paths.Instance.Length > 0 ? call.Paths : InstancePaths.Parse(DefaultInstance)!);

    public string Namespace => $"merlon-{Paths.Instance}";

    public string Folder => $"{Paths.Run}/libvirt";

    public string Socket => $"{Folder}/libvirt-sock";

    public string Uri => $"qemu+unix:///system?socket={Socket}";

    public string ProbeSocket(string vm, int line) => $"{Folder}/probe/{vm}.{line}.sock";

    public bool Exists => File.Exists($"/run/netns/{Namespace}");

    public void MustExist()
    {
        if (!Exists) throw new CliException("the lab is not up", "start it with 'merlon lab up'", ExitCode.NotFound);
    }

    /// <summary>A command in the host's network namespace and the machine's mounts: 'ip netns exec' would hide bpffs.</summary>
    public IReadOnlyList<string> Inside(params IEnumerable<string> command) => ["nsenter", $"--net=/run/netns/{Namespace}", "--", .. command];

    public IReadOnlyList<string> Virsh(params IEnumerable<string> args) => Inside(["virsh", "-c", Uri, .. args]);

    /// <param name="agent">Path of merlon-agent, whose start gate libvirt then calls; null = none.</param>
    public Task Up(string? agent, CancellationToken cancel) =>
        LabProcess.Output([LabFiles.Script("host.sh"), "up", Namespace, .. agent is null ? Array.Empty<string>() : [agent]], cancel);

    public Task Down(CancellationToken cancel) => LabProcess.Output([LabFiles.Script("host.sh"), "down", Namespace], cancel);

    public async Task<IReadOnlyList<string>> RunningVms(CancellationToken cancel) =>
        (await LabProcess.Output(Virsh("-q", "list", "--name"), cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
