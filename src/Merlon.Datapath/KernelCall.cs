namespace Merlon.Datapath;

/// <summary>One of the object's programs that is called, not attached: a number (skb->mark) or bytes in, a number out.</summary>
internal sealed class KernelCall(Loaded loaded, string program)
{
    private const int PacketBytes = 64;

    /// <summary>Where the bytes begin: test runs want an Ethernet header.</summary>
    public const int HeaderBytes = 14;

    public int Run(uint argument)
    {
        Span<byte> packet = stackalloc byte[PacketBytes];
        packet.Clear();
        return Run(argument, packet);
    }

    public int Run(uint argument, ReadOnlySpan<byte> packet)
    {
        Span<uint> context = stackalloc uint[ProgramRun.ContextWords];
        context.Clear();
        context[ProgramRun.Mark] = argument;
        return ProgramRun.Run(loaded.Program(program), packet, [], context, 1, "kernel-call", $"calling {program}").ReturnCode;
    }
}
