using System.Buffers.Binary;
using Merlon.Datapath.Native;

namespace Merlon.Datapath;

/// <summary>BPF_PROG_TEST_RUN of a program that takes an skb, with one field of that skb set.</summary>
internal static class ProgramRun
{
    /// <summary>Where the field stands in struct __sk_buff.</summary>
    public const int Mark = 8, Ifindex = 40;

    private const int ContextBytes = 192;

    /// <param name="code">Of the error when the kernel refuses to run it; <paramref name="doing"/> is what was tried.</param>
    public static unsafe (int ReturnCode, int OutputBytes, uint Duration) Run(
        BpfFd program, ReadOnlySpan<byte> packet, Span<byte> output, int field, uint value, int repeat, string code, string doing)
    {
        Span<byte> context = stackalloc byte[ContextBytes];
        context.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(context[field..], value);
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
            BpfError.Check(LibBpf.TestRun(program, &run), code, doing);
            return ((int)run.ReturnCode, (int)run.DataSizeOut, run.Duration);
        }
    }
}
