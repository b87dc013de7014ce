using Merlon.Contracts;

namespace Merlon.Agent;

/// <summary>What the command line of <c>run</c> and <c>remove</c> said.</summary>
/// <param name="LibvirtUri">Null = no libvirt: only interfaces attached by hand.</param>
/// <param name="Controller">unix:PATH or https://HOST:PORT; null = none, the policy on disk rules.</param>
/// <param name="ObjectPath">The BPF object; the one beside the binary by default.</param>
/// <param name="ShortCut">Established connections between guarded VMs may skip the bridge.</param>
internal sealed record AgentOptions(InstancePaths Paths, string? LibvirtUri, string? Controller, string ObjectPath, string Host, bool ShortCut = true)
{
    /// <summary>Parses the words after the verb; throws <see cref="AgentFault"/> for a word it does not know.</summary>
    public static AgentOptions Parse(ReadOnlySpan<string> words)
    {
        string instance = "", libvirt = "qemu:///system", host = Environment.MachineName, objectPath = DefaultObject();
        string? controller = null;
        var shortCut = true;
        for (var i = 0; i < words.Length; i += 2)
        {
            var value = i + 1 < words.Length ? words[i + 1] : throw Usage($"{words[i]} needs a value");
            switch (words[i])
            {
                case "--instance": instance = value; break;
                case "--libvirt": libvirt = value; break;
                case "--controller": controller = value; break;
                case "--object": objectPath = value; break;
                case "--host": host = value; break;
                case "--short-cut": shortCut = value switch { "on" => true, "off" => false, _ => throw Usage($"--short-cut is on or off, not '{value}'") }; break;
                default: throw Usage($"{words[i]} is not an option");
            }
        }
        var paths = InstancePaths.Parse(instance)
            ?? throw Usage($"'{instance}' is not an instance name (letters, digits and dashes, at most 32)");
        controller ??= "unix:" + paths.ControllerSocket;
        return new(paths, NoneIsNull(libvirt), CheckController(NoneIsNull(controller)), Path.GetFullPath(objectPath), host, shortCut);
    }

    private static string? NoneIsNull(string value) => value == "none" ? null : value;

    private static string? CheckController(string? controller) =>
        controller is null || controller.StartsWith("unix:/", StringComparison.Ordinal)
        || (Uri.TryCreate(controller, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps)
            ? controller
            : throw Usage($"'{controller}' is not a controller: unix:/PATH, https://HOST:PORT or none");

    internal static string DefaultObject() => Path.Combine(AppContext.BaseDirectory, "firewall.bpf.o");

    internal static AgentFault Usage(string message) => new("usage", message, "see merlon-agent help");
}
