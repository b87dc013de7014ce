namespace Merlon.Controller;

/// <summary>Every message that the controller logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "merlon-controller {Version}: API on {Url}, agents on {Socket}")]
    public static partial void Started(this ILogger log, string version, string url, string socket);

    [LoggerMessage(2, LogLevel.Information, "agent of {Host} ({Uuid}) connected, version {Version}")]
    public static partial void AgentConnected(this ILogger log, string host, string uuid, string version);

    [LoggerMessage(3, LogLevel.Warning, "agent of {Host} ({Uuid}) is gone; its rules stay in force there")]
    public static partial void AgentGone(this ILogger log, string host, string uuid);

    [LoggerMessage(4, LogLevel.Warning, "peer {Peer} broke the contract and was hung up on: {What}")]
    public static partial void ContractBroken(this ILogger log, string peer, string what);

    [LoggerMessage(5, LogLevel.Information, "{By} applied {Count} changed documents as sequence {Sequence}")]
    public static partial void Applied(this ILogger log, string by, int count, ulong sequence);

    [LoggerMessage(6, LogLevel.Error, "the inventory has changed and the policy cannot be resolved for it, hosts keep what they have: {What}")]
    public static partial void CannotResolve(this ILogger log, string what);

    [LoggerMessage(7, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(this ILogger log, Exception e, string method, string path);

    [LoggerMessage(9, LogLevel.Information, "{Vm} has learned {Address} by {How}")]
    public static partial void AddressLearned(this ILogger log, string vm, string address, string how);

    [LoggerMessage(11, LogLevel.Information, "interface {Nic} of VM {Vm} has {Address} in realm {Realm} no longer, learned by {How} on {Since:u}")]
    public static partial void AddressLost(this ILogger log, string vm, int nic, string address, string realm, string how, DateTimeOffset since);

    [LoggerMessage(10, LogLevel.Warning, "{Vm} claims {Address} by {How} and does not get it: {Why}")]
    public static partial void ClaimRefused(this ILogger log, string vm, string address, string how, string why);

    [LoggerMessage(8, LogLevel.Error, "what has ended by itself cannot be written down; in the kernels it has ended")]
    public static partial void CannotEnd(this ILogger log, Exception e);
}
