namespace Merlon.Agent;

/// <summary>A UUID of this machine where libvirt does not give one.</summary>
internal static class HostIdentity
{
    private const string MachineId = "/etc/machine-id";

    public static string Uuid() =>
        File.Exists(MachineId) && Guid.TryParseExact(File.ReadAllText(MachineId).Trim(), "N", out var id) ? id.ToString("D") : Guid.Empty.ToString("D");
}
