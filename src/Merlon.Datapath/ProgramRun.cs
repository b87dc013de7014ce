using System.Runtime.InteropServices;
using Merlon.Datapath.Native;

namespace Merlon.Datapath;

/// <summary>BPF_PROG_TEST_RUN of a program that takes an skb.</summary>
internal static class ProgramRun
{
    /// <summary>Words of struct __sk_buff.</summary>
    public const int Mark = 2, Ifindex = 10, ControlBlock = 12;

    /// <summary>Words of it that a run may set and read.</summary>
    public const int ContextWords = 48;

    /// <param name="context">struct __sk_buff, as the program finds and then leaves it.</param>
    /// <param name="code">Of the error when the kernel refuses to run it; <paramref name="doing"/> is what was tried.</param>
    public static unsafe (int ReturnCode, int OutputBytes, uint Duration) Run(
        BpfFd program, ReadOnlySpan<byte> packet, Span<byte> output, Span<uint> context, int repeat, string code, string doing)
    {
        var bytes = (uint)MemoryMarshal.AsBytes(context).Length;
        // SAFETY: all three buffers are pinned for the call and carry their sizes; the kernel reads the context before it writes it.
        fixed (byte* input = packet, outputStart = output)
        fixed (uint* contextStart = context)
        {
            var run = new TestRunOptions
            {
                Size = (nuint)sizeof(TestRunOptions),
                DataIn = input,
                DataSizeIn = (uint)packet.Length,
                DataOut = outputStart,
                DataSizeOut = (uint)output.Length,
                ContextIn = contextStart,
                ContextSizeIn = bytes,
                ContextOut = contextStart,
                ContextSizeOut = bytes,
                Repeat = repeat,
            };
            BpfError.Check(LibBpf.TestRun(program, &run), code, doing);
            return ((int)run.ReturnCode, (int)run.DataSizeOut, run.Duration);
        }
    }
}
