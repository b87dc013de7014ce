namespace Merlon.Cli.Commands.Lab;

/// <summary>One VM of the lab. Tenant null: no metadata at all, so that nothing of Merlon ever selects it.</summary>
/// <param name="Home">Number of the host on which it starts, in a lab of two.</param>
internal sealed record LabVm(string Name, int Number, string? Tenant, IReadOnlyDictionary<string, string> Labels, int Home = 1)
{
    public string Uuid => $"6d65726c-6f6e-4000-8000-5254000800{Number:x2}";

    public string Mac => $"52:54:00:08:00:{Number:x2}";

    public string Ip4 => $"10.8.0.{Number}";

    public string Ip6 => $"fd00:8::{Number:x}";

    public string Address(int family) => family == 4 ? Ip4 : Ip6;
}
