using System.Collections.Immutable;

namespace Merlon.Policy.Model;

/// <summary>Services that every tenant has without writing them.</summary>
public static class BuiltinServices
{
    public const string Ping = "ping";

    /// <summary>Echo requests of both ICMPs.</summary>
    public static ImmutableArray<ServiceMatch> PingMatches { get; } =
        [new(Protocols.Icmp, 8 << 8, 8 << 8, 0, 65535), new(Protocols.Icmp6, 128 << 8, 128 << 8, 0, 65535)];
}
