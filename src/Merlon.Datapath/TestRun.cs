using System.Buffers.Binary;
using Merlon.Datapath.Native;

namespace Merlon.Datapath;

/// <summary>Runs the loaded programs on crafted packets (BPF_PROG_TEST_RUN): no interface sees them, all maps do.</summary>
public sealed class TestRun
{
    private const uint TypeSyscall = 31;
    private const int ContextBytes = 192, ContextIfindex = 40;
    private readonly Loaded _loaded;

    internal TestRun(Loaded loaded) => _loaded = loaded;

    /// <param name="program"><c>from_vm</c> or <c>to_vm</c>.</param>
    /// <param name="packet">From the Ethernet header on; at least 14 bytes.</param>
    /// <param name="ifindex">The interface the program believes it is at; must exist in this network namespace.</param>
    /// <param name="repeat">How often to run; every run changes the maps.</param>
    public unsafe TestResult Run(string program, ReadOnlySpan<byte> packet, int ifindex, int repeat = 1)
    {
        var output = new byte[packet.Length + 256];
        Span<byte> context = stackalloc byte[ContextBytes];
        context.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(context[ContextIfindex..], ifindex);
        // SAFETY: all three buffers are pinned for the call and carry their sizes.
        fixed (byte* input = packet, outputStart = output, contextStart = context)
        {
            var run = new TestRunOptions
            {
                Size = (nuint)sizeof(TestRunOptions),
                DataIn = input,
                DataSizeIn = (uint)packet.Length,
                DataOut = outputStart,
                DataSizeOut = (uint)output.Length,
                ContextIn = contextStart,
                ContextSizeIn = ContextBytes,
                Repeat = repeat,
            };
            BpfError.Check(LibBpf.TestRun(_loaded.Program(program), &run), "test-run", $"running {program} on a packet of {packet.Length} bytes at ifindex {ifindex}");
            return new((int)run.ReturnCode, output[..(int)run.DataSizeOut], run.Duration);
        }
    }

    /// <summary>Arms the expiry timer. Harmless when it runs already.</summary>
    internal unsafe void StartTimer()
    {
        var program = _loaded.Program("start_timer");
        Span<byte> packet = stackalloc byte[64];
        packet.Clear();
        // SAFETY: as above; a syscall program takes no packet.
        fixed (byte* input = packet)
        {
            var run = new TestRunOptions { Size = (nuint)sizeof(TestRunOptions), Repeat = 1 };
            if (Bpf.Info<ProgramInfo>(program).Type == TypeSyscall) run.Repeat = 0;
            else
            {
                run.DataIn = input;
                run.DataSizeIn = (uint)packet.Length;
            }
            BpfError.Check(LibBpf.TestRun(program, &run), "timer-failed", "starting the expiry timer");
            if (run.ReturnCode != 0)
                throw new DatapathException("timer-failed", $"the expiry timer did not start ({(int)run.ReturnCode})", "report it with 'uname -r'");
        }
    }
}
