using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary><c>struct bpf_test_run_opts</c> of libbpf; Size is its own size, padding included.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TestRunOptions
{
    public nuint Size;
    public void* DataIn;
    public void* DataOut;
    public uint DataSizeIn, DataSizeOut;
    public void* ContextIn;
    public void* ContextOut;
    public uint ContextSizeIn, ContextSizeOut, ReturnCode;
    public int Repeat;
    public uint Duration, Flags, Cpu, BatchSize;
}
