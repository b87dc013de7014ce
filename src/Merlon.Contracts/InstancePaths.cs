namespace Merlon.Contracts;

/// <summary>Every path of one instance. The default instance uses <c>merlon</c>, instance NAME <c>merlon-NAME</c>,
/// so that several agents (the lab's hosts, tests) live on one machine without meeting.</summary>
/// <param name="Instance">Empty for the default; else letters, digits and dashes, at most 32.</param>
public sealed record InstancePaths(string Instance)
{
    private string Name => Instance.Length == 0 ? "merlon" : "merlon-" + Instance;

    public string Etc => $"/etc/{Name}";
    public string Var => $"/var/lib/{Name}";
    public string Run => $"/run/{Name}";

    /// <summary>Folder of pins in bpffs.</summary>
    public string Bpf => $"/sys/fs/bpf/{Name}";

    /// <summary>The agent's door for people on this host: HTTP over a root-only unix socket.</summary>
    public string AgentSocket => $"{Run}/agent.sock";

    /// <summary>gRPC (mutual TLS) of a controller that runs beside the agent.</summary>
    public string ControllerSocket => $"{Run}/controller.sock";

    /// <summary>CA of the host, certificates and keys.</summary>
    public string Pki => $"{Var}/pki";

    /// <summary>Written by the controller, root-only: how the command line reaches it (<see cref="ApiAccess"/>).</summary>
    public string ApiFile => $"{Var}/api.json";

    /// <summary>Parses an instance name; null when it is not one.</summary>
    public static InstancePaths? Parse(string instance) =>
        instance.Length <= 32 && instance.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && !instance.StartsWith('-')
            ? new(instance) : null;
}
