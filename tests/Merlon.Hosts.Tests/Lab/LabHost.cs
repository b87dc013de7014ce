using System.Globalization;
using System.Text.Json;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Hosts.Tests.Lab;

/// <summary>One lab for all classes of <see cref="LabCollection"/>, brought up by the first test that asks for it and taken down at the end.</summary>
public sealed class LabHost : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly Lock _gate = new();
    private bool _up;

    /// <summary>Not "lab": a person's own lab on this machine is left alone.</summary>
    public string Instance { get; } = string.Create(CultureInfo.InvariantCulture, $"lt{Environment.ProcessId}");

    public string Namespace => $"merlon-{Instance}";

    public string Uri => $"qemu+unix:///system?socket=/run/merlon-{Instance}/libvirt/libvirt-sock";

    /// <summary>Starts the lab unless it is up.</summary>
    public LabHost Up()
    {
        lock (_gate)
        {
            if (!_up) Cli("up").Ok();
            _up = true;
        }
        return this;
    }

    /// <summary>merlon lab …</summary>
    public ShellResult Cli(params string[] args) => Shell.Run(Patience, Repository.Bin("merlon"), ["--instance", Instance, "lab", .. args]);

    /// <summary>Runs one probe command inside a VM, such as <c>tcp 10.8.0.7 5432</c> (lab/README.md has them all).</summary>
    public JsonElement Probe(string vm, string command) => JsonDocument.Parse(Cli("probe", vm, command).Ok()).RootElement;

    /// <summary>The same, for a command that runs while the test does something else.</summary>
    public Task<JsonElement> ProbeBeside(string vm, string command) => Task.Run(() => Probe(vm, command));

    /// <summary>Every measured cell, by "FROM TO SERVICE/FAMILY", with whether it was delivered.</summary>
    public IReadOnlyDictionary<string, bool> Matrix(params string[] args)
    {
        var matrix = JsonDocument.Parse(Cli(["matrix", "-o", "json", .. args]).Ok()).RootElement;
        return matrix.GetProperty("cells").EnumerateArray().ToDictionary(
            c => $"{c.GetProperty("from")} {c.GetProperty("to")} {c.GetProperty("service")}/{c.GetProperty("family")}",
            c => c.GetProperty("delivered").GetBoolean());
    }

    public string Virsh(params string[] args) => Cli(["virsh", "--", .. args]).Ok();

    public void Dispose()
    {
        if (_up) Cli("down");
    }
}
