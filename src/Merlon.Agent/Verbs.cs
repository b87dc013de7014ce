using Merlon.Contracts.Pki;
using Merlon.Datapath;

namespace Merlon.Agent;

/// <summary>The words of the command line, and errors as one line for a person.</summary>
internal static class Verbs
{
    private const string Help = """
        merlon-agent run     [--instance NAME] [--libvirt URI|none] [--controller unix:PATH|https://HOST:PORT|none] [--object PATH] [--host NAME]
        merlon-agent judge   -f POLICY… -i INVENTORY… CASES [--object PATH]     cases in, verdicts of the kernel program out (JSON)
        merlon-agent remove  [--instance NAME]                                  detach everything and remove the pins
        merlon-agent version
        """;

    public static async Task<int> RunAsync(string[] words)
    {
        try
        {
            switch (words.FirstOrDefault())
            {
                case "run":
                    await new Daemon(AgentOptions.Parse(words.AsSpan(1))).RunAsync();
                    return 0;
                case "judge":
                    return Judge.JudgeVerb.Run(words.AsSpan(1));
                case "remove":
                    Remove(AgentOptions.Parse(words.AsSpan(1)));
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
            return Fail("no-access", e.Message, "run as root, on a file system with room");
        }
    }

    private static void Remove(AgentOptions options)
    {
        using var hold = InstanceLock.Take(options.Paths);
        Uninstall.Remove(options.Paths.Bpf);
        File.Delete(Path.Combine(options.Paths.Run, Daemon.FlowFile));
    }

    private static int Fail(string code, string message, string mend)
    {
        Console.Error.WriteLine($"<3>merlon-agent: {message} [{code}]");
        Console.Error.WriteLine($"<3>mend: {mend}");
        return 1;
    }
}
