using System.Text;
using Merlon.Agent.Guests;
using Merlon.Agent.Migration.Bus;
using Merlon.Contracts;
using Merlon.Contracts.Api;
using Merlon.Libvirt.Domains;

namespace Merlon.Agent.Gate;

/// <summary>merlon-agent as libvirt's hook: once for each start of a VM. Exit code 0 lets it start, any other refuses it, with the reason on
/// stderr, which libvirt shows to whoever started the VM. It never calls libvirt, which waits for it.</summary>
internal static class GateVerb
{
    private static readonly TimeSpan AgentPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan End = TimeSpan.FromSeconds(30);

    /// <param name="words">qemu OPTIONS -- NAME OPERATION SUBOPERATION EXTRA</param>
    public static async Task<int> RunAsync(string[] words)
    {
        var cut = Array.IndexOf(words, "--");
        if (words is not ["qemu", ..] || cut < 0) throw AgentOptions.Usage("the hook of libvirt's qemu driver is 'hook qemu OPTIONS -- NAME OPERATION SUBOPERATION EXTRA'");
        var options = AgentOptions.Parse(words.AsSpan(1..cut));
        var call = HookCall.Parse(words.AsSpan(cut + 1));
        // libvirt has no end for a hook, and this one may hold the kernel's lock.
        using var end = new Timer(_ =>
        {
            Console.Error.WriteLine($"merlon: {(call.IsIncoming ? "connections inside it will not go on" : "not guarded")}: no answer within {End.TotalSeconds:0} s; see 'merlon doctor'");
            Environment.Exit(call.IsIncoming ? 0 : 1);
        }, null, End, Timeout.InfiniteTimeSpan);
        try
        {
            return await RunAsync(options, call);
        }
        catch (FormatException e)
        {
            return Refuse(new(false, "cannot-guard", $"the VM's definition cannot be read: {e.Message}", "mend it with virsh edit"));
        }
#pragma warning disable CA1031 // whatever it is: a VM that is not known to be guarded does not start
        catch (Exception e)
#pragma warning restore CA1031
        {
            return call.Operation == "release" ? 0 : Refuse(new(false, "cannot-guard", $"the start gate failed: {e.Message}", "see 'merlon doctor'"));
        }
    }

    private static async Task<int> RunAsync(AgentOptions options, HookCall call)
    {
        var door = new AgentDoor(options.Paths, AgentPatience);
        if (call.IsProbe)
        {
            var proved = await door.ProveAsync(DomainXml.Parse(ReadDomain()).Uuid);
            return Refuse(new(false, "probe", $"{call.Name} is the agent's question whether libvirt calls this hook ({(proved ? "answered" : "nobody waits for the answer")})", "nothing is wrong"));
        }
        if (call is { IsIncoming: true, Suboperation: "begin" }) return IncomingVm.Receive(options, ReadDomain);
        if ((call.Operation, call.Suboperation) is not (("start", "begin") or ("release", "end"))) return 0;
        var xml = ReadDomain();
        var (guest, inside) = DomainGuests.Starting(xml);
        if (call.Operation == "release")
        {
            new OfflineGate(options).Release(guest);
            return 0;
        }
        var answer = await door.AskAsync(xml) ?? new OfflineGate(options).Pass(guest, inside);
        if (!answer.Start) return Refuse(answer);
        IncomingVm.Start(options, xml);
        if (answer.Outcome == "unguarded") Console.Error.WriteLine(Line(answer));
        return 0;
    }

    private static string ReadDomain()
    {
        using var from = Console.OpenStandardInput();
        return Encoding.UTF8.GetString((BoundedBytes.Read(from, HookCall.MostBytes) ?? throw new FormatException($"it has more than {HookCall.MostBytes >> 20} MiB")).Span);
    }

    private static int Refuse(GateAnswer answer)
    {
        Console.Error.WriteLine(Line(answer));
        return 1;
    }

    private static string Line(GateAnswer answer) => OneLine($"merlon: {answer.Message} [{answer.Outcome}]{(answer.Mend is null ? "" : "; " + answer.Mend)}");

    /// <summary>What a hook says goes to terminals and logs, and names in it come from whoever wrote the domain.</summary>
    internal static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
