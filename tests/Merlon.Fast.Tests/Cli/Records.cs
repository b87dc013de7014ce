using Merlon.Contracts.Api;

namespace Merlon.Fast.Tests.Cli;

/// <summary>Records of a small installation.</summary>
internal static class Records
{
    public static DateTimeOffset At { get; } = new(2026, 11, 24, 8, 0, 0, TimeSpan.Zero);

    public static IReadOnlyList<VmRecord> Vms { get; } =
    [
        new("web-1", "5a3b0000-0000-4000-8000-000000000001", "shop", new Dictionary<string, string> { ["tier"] = "web" }, "host-1", "running", "yes",
            [new(0, "52:54:00:00:00:05", "br0", "vnet3", ["10.8.0.5", "fd00:8::5"], "all", true, "aa11", "aa11", null, EmbeddedDigest: "bb22", Drift: ["inside"])], ["shop/web"]),
        new("intruder", "5a3b0000-0000-4000-8000-000000000009", "rival", new Dictionary<string, string>(), "host-1", "off", "no", [], []),
    ];

    public static FlowRecord Denied { get; } = new(At, At, "deny", "deny", "rule",
        new("web-1", Vms[0].Uuid, 0, "shop", "10.8.0.5", 40000), new("db-1", null, 0, "shop", "10.8.0.7", 22), "tcp/22",
        "shop/shop-app/no-ssh@3", "shop/shop-app/no-ssh@3", null, 3, 2, 0, 120, 0, null, "out", "host-1", "br0");

    public static HostStatus Agent(ulong applied, params Alarm[] alarms) => new(
        "host-1", "h-uuid", "", "0.1.0", 1, true, true, applied, 7, "d1", 3, 3, 3, 12, 65536, 0, 0, 0, 0.4, 8.5, 40_000_000, At, alarms, []);

    public static StatusRecord Status(ulong applied, bool ready, params Alarm[] alarms) =>
        new("0.1.0", 7, ready, [new("host-1", "h-uuid", true, At, applied, 7, null, Agent(applied, alarms))], []);
}
