using Merlon.Agent.Gate;
using Merlon.Agent.Guests;
using Merlon.Agent.Migration.Bus;
using Merlon.Contracts.Pki;
using Merlon.Datapath;
using Merlon.Libvirt;

namespace Merlon.Agent;

/// <summary>The words of the command line, and errors as one line for a person.</summary>
internal static class Verbs
{
    private const string Help = """
        merlon-agent run     [--instance NAME] [--libvirt URI|none] [--controller unix:PATH|https://HOST:PORT|none] [--object PATH] [--host NAME] [--short-cut on|off]
        merlon-agent judge   -f POLICY… -i INVENTORY… [CASES] [--object PATH]   cases in, verdicts of the kernel program out (JSON)
        merlon-agent remove  [--instance NAME]                                  detach everything and remove the pins
        merlon-agent install-hook [--instance NAME] [--hooks DIR] [--object PATH]   have libvirt ask before a VM starts (DIR: /etc/libvirt/hooks)
        merlon-agent remove-hook  [--hooks DIR]                                 VMs start unguarded again
        merlon-agent hook    qemu [--instance NAME] -- NAME OPERATION …         what libvirt then calls
        merlon-agent board   [--instance NAME]                                  what VMs that move leave their connections with; the agent starts it
        merlon-agent version
        """;

    public static async Task<int> RunAsync(string[] words)
    {
        try
        {
            switch (words.FirstOrDefault())
            {
                case "run":
                    RequireRoot();
                    await new Daemon(AgentOptions.Parse(words.AsSpan(1))).RunAsync();
                    return 0;
                case "judge":
                    return Judge.JudgeVerb.Run(words.AsSpan(1));
                case "remove":
                    RequireRoot();
                    Remove(AgentOptions.Parse(words.AsSpan(1)));
                    return 0;
                case "install-hook":
                    RequireRoot();
                    InstallVerb.Install(words.AsSpan(1));
                    return 0;
                case "remove-hook":
                    RequireRoot();
                    InstallVerb.Remove(words.AsSpan(1));
                    return 0;
                case "hook":
                    RequireRoot();
                    return await GateVerb.RunAsync(words[1..]);
                case "board":
                    RequireRoot();
                    await BoardVerb.RunAsync(AgentOptions.Parse(words.AsSpan(1)));
                    return 0;
                case "version":
                    Console.WriteLine(Status.StatusWriter.Version);
                    return 0;
                case "help" or "--help" or "-h":
                    Console.WriteLine(Help);
                    return 0;
                default:
                    Console.Error.WriteLine(Help);
                    return 1;
            }
        }
        catch (AgentFault fault)
        {
            return Fail(fault.Code, fault.Message, fault.Mend);
        }
        catch (DatapathException fault)
        {
            return Fail(fault.Code, fault.Message, fault.Mend);
        }
        catch (PkiException fault)
        {
            return Fail("pki", fault.Message, "move the folder away; agent and controller make a new one");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return Fail("files", e.Message, "is the disk full, or mounted read-only?");
        }
    }

    private static void Remove(AgentOptions options)
    {
        using var hold = InstanceLock.Take(options.Paths);
        using var turn = KernelTurn.Wait(options.Paths);
        EndBoard(options);
        var detached = Uninstall.Remove(options.Paths.Bpf);
        File.Delete(Path.Combine(options.Paths.Run, Daemon.FlowFile));
        Console.WriteLine(detached is { } count
            ? $"detached {count} interface{(count == 1 ? "" : "s")}, removed {options.Paths.Bpf}: nothing is guarded"
            : $"nothing to remove: {options.Paths.Bpf} is not there");
    }

    // A QEMU that has the object cannot move or be saved without a board.
    private static void EndBoard(AgentOptions options)
    {
        var board = new Board(options.Paths);
        if (!board.IsThere) return;
        var left = 0;
        try
        {
            if (options.LibvirtUri is { } uri) left = LibvirtWatch.TakeBusesOut(uri);
        }
        catch (Exception e) when (e is LibvirtException or FormatException)
        {
            Console.Error.WriteLine($"merlon-agent: {e.Message}");
            left++;
        }
        if (left == 0) board.Quit();
        else Console.Error.WriteLine("merlon-agent: a VM that came here with its connections can move or be saved only beside 'merlon-agent board', which stays; end it when these VMs have been started anew");
    }

    private static void RequireRoot()
    {
        if (!Environment.IsPrivilegedProcess)
            throw new AgentFault("permission", "merlon-agent must be root: it loads BPF programs and changes interfaces", "use sudo, or start it by its systemd unit");
    }

    private static int Fail(string code, string message, string mend)
    {
        Console.Error.WriteLine($"{JournalLoggerProvider.Prefix(LogLevel.Error)}merlon-agent: {message.ReplaceLineEndings(" ")} [{code}]; {mend}");
        return 1;
    }
}
