using System.Globalization;
using System.Net;
using Merlon.Contracts;

namespace Merlon.Controller;

/// <summary>The command line of <c>merlon-controller run</c>.</summary>
public sealed record RunOptions(InstancePaths Paths, IPAddress Address, int Port)
{
    public const int DefaultPort = 8443;

    public const string Usage = """
        usage: merlon-controller run [--instance NAME] [--listen ADDRESS] [--port PORT]

          --instance NAME    keep everything under merlon-NAME instead of merlon
          --listen ADDRESS   where the API listens (default 127.0.0.1)
          --port PORT        its port (default 8443)

        merlon-controller rotate-policy-key [--instance NAME]    a new key signs policy; what the old one signed counts until its .pub is removed
        merlon-controller --version
        """;

    /// <summary>Parses what follows <c>run</c>; throws <see cref="StartException"/>.</summary>
    public static RunOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new RunOptions(new InstancePaths(""), IPAddress.Loopback, DefaultPort);
        for (; args.Length > 0; args = args[2..])
        {
            if (args.Length == 1) throw new StartException($"{args[0]}: unknown, or its value is missing\n\n{Usage}");
            options = options.With(args[0], args[1]);
        }
        return options;
    }

    private RunOptions With(string name, string value) => name switch
    {
        "--instance" => this with { Paths = InstancePaths.Parse(value) ?? throw new StartException($"'{value}' is no instance name: letters, digits and dashes, at most 32") },
        "--listen" => this with { Address = IPAddress.TryParse(value, out var address) ? address : throw new StartException($"'{value}' is no IP address") },
        "--port" => this with { Port = ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : throw new StartException($"'{value}' is no port") },
        _ => throw new StartException($"{name}: no such option\n\n{Usage}"),
    };
}
