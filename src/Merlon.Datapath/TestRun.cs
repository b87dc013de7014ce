namespace Merlon.Datapath;

/// <summary>Runs the loaded programs on crafted packets (BPF_PROG_TEST_RUN): no interface sees them, all maps do.</summary>
public sealed class TestRun
{
    private readonly Loaded _loaded;

    internal TestRun(Loaded loaded) => _loaded = loaded;

    /// <param name="program"><c>from_vm</c> or <c>to_vm</c>.</param>
    /// <param name="packet">From the Ethernet header on; at least 14 bytes.</param>
    /// <param name="ifindex">The interface the program believes it is at; must exist in this network namespace.</param>
    /// <param name="repeat">How often to run; every run changes the maps.</param>
    public TestResult Run(string program, ReadOnlySpan<byte> packet, int ifindex, int repeat = 1)
    {
        var output = new byte[packet.Length + 256];
        var (returnCode, written, duration) = ProgramRun.Run(_loaded.Program(program), packet, output, ProgramRun.Ifindex, (uint)ifindex, repeat,
            "test-run", $"running {program} on a packet of {packet.Length} bytes at ifindex {ifindex}");
        return new(returnCode, output[..written], duration);
    }
}
