namespace Merlon.Cli.Commands.Lab;

/// <summary>One VM of the lab. Tenant null: no metadata at all, so that nothing of Merlon ever selects it.</summary>
internal sealed record LabVm(string Name, int Number, string? Tenant, IReadOnlyDictionary<string, string> Labels)
{
    public string Uuid => $"6d65726c-6f6e-4000-8000-5254000800{Number:x2}";

    public string Mac => $"52:54:00:08:00:{Number:x2}";

    public string Ip4 => $"10.8.0.{Number}";

    public string Ip6 => $"fd00:8::{Number:x}";

    public string Address(int family) => family == 4 ? Ip4 : Ip6;
}
