namespace Merlon.Datapath;

/// <summary>One of the object's programs that is called, not attached: a number in (skb->mark), a number out.</summary>
internal sealed class KernelCall(Loaded loaded, string program)
{
    private const int PacketBytes = 64;

    public int Run(uint argument)
    {
        Span<byte> packet = stackalloc byte[PacketBytes];
        packet.Clear();
        return ProgramRun.Run(loaded.Program(program), packet, [], ProgramRun.Mark, argument, 1, "kernel-call", $"calling {program}").ReturnCode;
    }
}
