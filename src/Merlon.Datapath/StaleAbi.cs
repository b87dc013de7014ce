namespace Merlon.Datapath;

/// <summary>One wording for everything that another version left behind.</summary>
internal static class StaleAbi
{
    public const string Mend = "drain this host's VMs, then 'merlon-agent remove', with the same --instance (live connections end), or start the version that made the pins";
}
