using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Datapath;

/// <summary>Runs the loaded programs on crafted packets (BPF_PROG_TEST_RUN): no interface sees them, all maps do.</summary>
public sealed class TestRun
{
    // An answer may be longer than what it answers.
    private const int Room = 256;

    private readonly Loaded _loaded;

    internal TestRun(Loaded loaded) => _loaded = loaded;

    /// <summary>One run, and what the program says of it: from the same place as a capture.</summary>
    /// <param name="program"><c>from_vm</c> or <c>to_vm</c>.</param>
    /// <param name="packet">From the Ethernet header on; at least 14 bytes.</param>
    /// <param name="ifindex">The interface that the packet comes from or goes to; must exist in this network namespace.</param>
    public HookTrace Trace(string program, ReadOnlySpan<byte> packet, int ifindex)
    {
        Span<uint> context = stackalloc uint[ProgramRun.ContextWords];
        context.Clear();
        context[ProgramRun.Ifindex] = (uint)ifindex;
        var said = context[ProgramRun.ControlBlock..];
        said[AbiLimits.TraceAsked] = AbiLimits.Trace;
        var (returnCode, _, _) = ProgramRun.Run(_loaded.Program(program), packet, new byte[packet.Length + Room], context, 1,
            "trace", $"running {program} on a packet of {packet.Length} bytes at ifindex {ifindex}");
        return new(new TestResult(returnCode, [], 0).Passed, (Verdict)said[AbiLimits.TraceVerdict], (Reason)said[AbiLimits.TraceReason],
            said[AbiLimits.TraceRule], said[AbiLimits.TraceSource]);
    }

    /// <param name="program"><c>from_vm</c> or <c>to_vm</c>.</param>
    /// <param name="packet">From the Ethernet header on; at least 14 bytes.</param>
    /// <param name="ifindex">The interface the program believes it is at; must exist in this network namespace.</param>
    /// <param name="repeat">How often to run; every run changes the maps.</param>
    public TestResult Run(string program, ReadOnlySpan<byte> packet, int ifindex, int repeat = 1)
    {
        var output = new byte[packet.Length + Room];
        Span<uint> context = stackalloc uint[ProgramRun.ContextWords];
        context.Clear();
        context[ProgramRun.Ifindex] = (uint)ifindex;
        var (returnCode, written, duration) = ProgramRun.Run(_loaded.Program(program), packet, output, context, repeat,
            "test-run", $"running {program} on a packet of {packet.Length} bytes at ifindex {ifindex}");
        return new(returnCode, output[..written], duration);
    }
}
