namespace Merlon.Agent;

/// <summary>Every line the agent writes.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "merlon-agent {Version} of host {Host} started, instance '{Instance}'")]
    public static partial void Started(ILogger log, string version, string host, string instance);

    [LoggerMessage(2, LogLevel.Information, "stopped; the kernel goes on enforcing")]
    public static partial void Stopped(ILogger log);

    [LoggerMessage(3, LogLevel.Error, "a step failed")]
    public static partial void StepFailed(ILogger log, Exception error);

    [LoggerMessage(4, LogLevel.Information, "policy {Sequence} in force: {Nics} vNICs, {Classes} classes, compiled in {CompileMs:F1} ms, swapped in {SwapMs:F1} ms")]
    public static partial void Applied(ILogger log, ulong sequence, int nics, int classes, double compileMs, double swapMs);

    [LoggerMessage(5, LogLevel.Error, "policy {Sequence} refused, {InForce} stays in force: {Reason}")]
    public static partial void Refused(ILogger log, ulong sequence, ulong inForce, string reason);

    [LoggerMessage(6, LogLevel.Information, "{Ifname} (vNIC {Index} of {Vm}) is guarded")]
    public static partial void Guarded(ILogger log, string ifname, int index, string vm);

    [LoggerMessage(7, LogLevel.Information, "interface {Ifindex} is no longer guarded")]
    public static partial void Unguarded(ILogger log, int ifindex);

    [LoggerMessage(8, LogLevel.Warning, "alarm {Code}: {Message}")]
    public static partial void AlarmRaised(ILogger log, string code, string message);

    [LoggerMessage(9, LogLevel.Information, "alarm {Code} is over: {Message}")]
    public static partial void AlarmOver(ILogger log, string code, string message);

    [LoggerMessage(10, LogLevel.Information, "controller connected: {Controller}")]
    public static partial void ControllerConnected(ILogger log, string controller);

    [LoggerMessage(11, LogLevel.Warning, "controller does not answer: {Reason}; the last policy stays in force")]
    public static partial void ControllerLost(ILogger log, string reason);

    [LoggerMessage(12, LogLevel.Information, "libvirt connected: {Uri}")]
    public static partial void LibvirtConnected(ILogger log, string uri);

    [LoggerMessage(13, LogLevel.Warning, "libvirt does not answer: {Reason}; what is guarded stays guarded, asking again every 2 s")]
    public static partial void LibvirtLost(ILogger log, string reason);

    [LoggerMessage(14, LogLevel.Information, "restored policy {Sequence} with {Nics} vNICs from disk")]
    public static partial void Restored(ILogger log, ulong sequence, int nics);

    [LoggerMessage(15, LogLevel.Warning, "{Ifname}: {Problem}; put right")]
    public static partial void Mended(ILogger log, string ifname, string problem);

    [LoggerMessage(16, LogLevel.Error, "a reader of events failed, reading goes on")]
    public static partial void EventsFailed(ILogger log, Exception error);

    [LoggerMessage(17, LogLevel.Warning, "{Notice}")]
    public static partial void Notice(ILogger log, string notice);

    [LoggerMessage(18, LogLevel.Information, "start gate, {Outcome}: {Message}")]
    public static partial void Gate(ILogger log, string outcome, string message);

    [LoggerMessage(19, LogLevel.Warning, "UNGUARDED STARTS POSSIBLE: {Reason}")]
    public static partial void GateNotProved(ILogger log, string reason);

    [LoggerMessage(20, LogLevel.Information, "libvirt calls the start gate")]
    public static partial void GateProved(ILogger log);

    [LoggerMessage(21, LogLevel.Warning, "the controller's document for a VM is not written into it: {Reason}")]
    public static partial void DocumentRefused(ILogger log, string reason);

    [LoggerMessage(23, LogLevel.Error, "claims of addresses cannot be read from the kernel")]
    public static partial void ClaimsFailed(ILogger log, Exception error);

    [LoggerMessage(22, LogLevel.Warning, "a VM does not have its policy inside: {Reason}")]
    public static partial void DocumentNotWritten(ILogger log, string reason);

    [LoggerMessage(30, LogLevel.Information, "{Count} connections of VM {Vm} go into its stream, {Bytes} bytes")]
    public static partial void ConnectionsLeft(ILogger log, Guid vm, int count, int bytes);

    [LoggerMessage(31, LogLevel.Information, "{Vm} came from '{From}': {Installed} of {Sent} connections go on, {Refused} refused, {LeftOut} left out ({Outcome})")]
    public static partial void ConnectionsCame(ILogger log, string vm, string from, int installed, int sent, int refused, int leftOut, string outcome);

    [LoggerMessage(32, LogLevel.Warning, "the receipt of VM {Vm} is not on disk: {Reason}")]
    public static partial void ReceiptLost(ILogger log, string vm, string reason);

    [LoggerMessage(33, LogLevel.Warning, "connections of VM {Vm} will not travel: {Reason}")]
    public static partial void NotCarried(ILogger log, string vm, string reason);
}
