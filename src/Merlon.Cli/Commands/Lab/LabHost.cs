using Merlon.Contracts;

namespace Merlon.Cli.Commands.Lab;

/// <summary>One lab host: its namespace, its libvirt daemon and its files (made by lab/host.sh).</summary>
/// <param name="Number">1 or 2; the last part of its bridge's addresses.</param>
internal sealed record LabHost(InstancePaths Paths, int Number)
{
    public string Name => NameOf(Number);

    public string Namespace => $"merlon-{Paths.Instance}";

    public string Folder => $"{Paths.Run}/libvirt";

    public string Socket => $"{Folder}/libvirt-sock";

    public string Uri => $"qemu+unix:///system?socket={Socket}";

    public bool Exists => File.Exists($"/run/netns/{Namespace}");

    public static string NameOf(int number) => $"host-{number}";

    /// <summary>Seen from outside; its QEMU knows it as <see cref="LabDomain.ProbeSocket"/>.</summary>
    public string ProbeSocket(string vm, int line) => $"{Folder}/run/probe/{vm}.{line}.sock";

    public string Console(string vm) => $"{Folder}/log/{vm}.console";

    /// <summary>A command in the host's network namespace and the machine's mounts: 'ip netns exec' would hide bpffs.</summary>
    public IReadOnlyList<string> Inside(params IEnumerable<string> command) => ["nsenter", $"--net=/run/netns/{Namespace}", "--", .. command];

    public IReadOnlyList<string> Virsh(params IEnumerable<string> args) => Inside(["virsh", "-c", Uri, .. args]);

    /// <param name="agent">Path of merlon-agent, whose start gate libvirt then calls; null = none.</param>
    public Task Up(string? agent, CancellationToken cancel) => LabProcess.Output(
        [LabFiles.Script("host.sh"), "up", Namespace, agent ?? "", Number.ToString(System.Globalization.CultureInfo.InvariantCulture)], cancel);

    public Task Down(CancellationToken cancel) => LabProcess.Output([LabFiles.Script("host.sh"), "down", Namespace], cancel);

    public async Task<IReadOnlyList<string>> RunningVms(CancellationToken cancel) =>
        (await LabProcess.Output(Virsh("-q", "list", "--name"), cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
