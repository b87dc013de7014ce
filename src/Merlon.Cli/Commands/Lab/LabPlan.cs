namespace Merlon.Cli.Commands.Lab;

/// <summary>The VMs of a lab, and the services that its matrix asks for.</summary>
internal static class LabPlan
{
    public const string Bridge = "br0";

    public static IReadOnlyList<LabVm> Vms { get; } =
    [
        new("web-1", 5, "shop", Tier("web")),
        new("web-2", 6, "shop", Tier("web")),
        new("db-1", 7, "shop", Tier("db"), Home: 2),
        new("intruder", 8, "rival", new Dictionary<string, string>()),
        new("plain-1", 9, null, new Dictionary<string, string>(), Home: 2),
    ];

    /// <summary>The first host's own end on the bridge: answers pings, serves nothing.</summary>
    public static LabVm Host { get; } = new("host", 1, null, new Dictionary<string, string>());

    public static IReadOnlyList<string> Services { get; } = ["ping", "tcp/22", "tcp/80", "tcp/443", "tcp/5432", "udp/7000"];

    public static IReadOnlyList<LabVm> Named(IReadOnlyList<string> names) => names.Count == 0 ? Vms : [.. names.Select(Named)];

    /// <summary>A VM, or the host.</summary>
    public static LabVm Party(string name) => name == Host.Name ? Host : Named(name);

    public static LabVm Named(string name) => Vms.FirstOrDefault(v => v.Name == name) ?? throw new CliException(
        $"the lab has no VM '{name}'", $"it has {string.Join(", ", Vms.Select(v => v.Name))}", ExitCode.NotFound);

    private static Dictionary<string, string> Tier(string tier) => new() { ["tier"] = tier };
}
