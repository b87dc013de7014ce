using Merlon.Cli.Commands.Doctor;

namespace Merlon.Fast.Tests.Cli;

/// <summary>A machine made of words: well by default, broken where a test says so.</summary>
internal sealed class PretendedMachine : IMachine
{
    public DateTimeOffset Now { get; set; } = Records.At;

    public Dictionary<string, string> Files { get; } = new()
    {
        ["/proc/sys/kernel/osrelease"] = "6.12.1-amd64\n",
        ["/proc/self/status"] = "Name:\tmerlon\nUid:\t0\t0\t0\t0\n",
        ["/proc/self/mounts"] = "proc /proc proc rw 0 0\nbpf /sys/fs/bpf bpf rw,relatime 0 0\n",
        ["/proc/self/limits"] = "Max locked memory         8388608              8388608              bytes\n",
        ["/proc/sys/net/core/bpf_jit_enable"] = "1\n",
    };

    public Dictionary<string, byte[]> Starts { get; } = new()
    {
        ["/sys/kernel/btf/vmlinux"] = [0x9f, 0xeb],
        ["/usr/lib/merlon/firewall.bpf.o"] = [0x7f, (byte)'E', (byte)'L', (byte)'F', .. new byte[14], 247, 0],
    };

    public Dictionary<string, string[]> Folders { get; } = [];

    /// <summary>Folder or socket to what is wrong with it.</summary>
    public Dictionary<string, string> Problems { get; } = new() { ["/run/libvirt/virtqemud-sock"] = "no such socket" };

    public Dictionary<string, string> Programs { get; } = [];

    public long Free { get; set; } = 20L << 30;

    public string? Read(string path) => Files.GetValueOrDefault(path);

    public byte[] Start(string path, int count) => Starts.GetValueOrDefault(path, []).Take(count).ToArray();

    public bool Exists(string path) => Files.ContainsKey(path);

    public IReadOnlyList<string> List(string folder) => Folders.GetValueOrDefault(folder, []);

    public string? WriteProblem(string folder) => Problems.GetValueOrDefault(folder);

    public string? ConnectProblem(string socket) => Problems.GetValueOrDefault(socket);

    public long? FreeBytes(string path) => Free;

    public Task<string?> Run(string program, params string[] arguments) =>
        Task.FromResult(Programs.GetValueOrDefault($"{program} {string.Join(' ', arguments)}"));
}
