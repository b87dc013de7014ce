using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>bpf(2) as these tests need it, with nothing of Merlon in between.</summary>
internal static class BpfCall
{
    public const int TcxIngress = 46, TcxEgress = 47, Before = 8;
    private const int CommandObjectGet = 7, CommandProgramQuery = 16, CommandLinkCreate = 28, CommandLinkDetach = 34;

    /// <summary>What is pinned at a path.</summary>
    public static SafeFileHandle Open(string path)
    {
        var text = Marshal.StringToCoTaskMemUTF8(path);
        try
        {
            var attributes = new ObjectPath { Path = text };
            return new((nint)Call(CommandObjectGet, ref attributes), ownsHandle: true);
        }
        finally
        {
            Marshal.FreeCoTaskMem(text);
        }
    }

    /// <summary>A tcx link, detached when it is disposed: closing alone would leave it as long as a process that starts at that moment
    /// holds a copy. Called inside the interface's namespace.</summary>
    public static IDisposable Link(SafeFileHandle program, string ifname, int type, int flags)
    {
        var attributes = new LinkCreate { Program = program.DangerousGetHandle().ToInt32(), Ifindex = Index(ifname), Type = type, Flags = flags };
        return new TcxLink(new((nint)Call(CommandLinkCreate, ref attributes), ownsHandle: true));
    }

    /// <summary>How many programs the kernel runs at both tcx hooks of an interface. Called inside its namespace.</summary>
    public static int Programs(string ifname) => new[] { TcxIngress, TcxEgress }.Sum(type =>
    {
        var attributes = new ProgramQuery { Ifindex = Index(ifname), Type = type };
        Call(CommandProgramQuery, ref attributes);
        return attributes.Count;
    });

    /// <summary>Of an interface. Called inside its namespace.</summary>
    public static int Index(string ifname) => if_nametoindex(ifname) is > 0 and var index ? (int)index : throw new Win32Exception(Marshal.GetLastPInvokeError(), ifname);

    private static long Call<T>(long command, ref T attributes) where T : struct
    {
        var memory = Marshal.AllocHGlobal(Marshal.SizeOf<T>());
        try
        {
            Marshal.StructureToPtr(attributes, memory, fDeleteOld: false);
            var result = syscall(RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 321 : 280, command, memory, Marshal.SizeOf<T>());
            if (result < 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
            attributes = Marshal.PtrToStructure<T>(memory);
            return result;
        }
        finally
        {
            Marshal.FreeHGlobal(memory);
        }
    }

    private sealed class TcxLink(SafeFileHandle link) : IDisposable
    {
        public void Dispose()
        {
            using (link)
            {
                var attributes = new LinkDetach { Link = link.DangerousGetHandle().ToInt32() };
                Call(CommandLinkDetach, ref attributes);
            }
        }
    }

    // The parts of union bpf_attr that the commands read and write; the rest is zero.
    [StructLayout(LayoutKind.Sequential, Size = 48)]
    private struct LinkCreate
    {
        public int Program, Ifindex, Type, Flags;
    }

    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private struct LinkDetach
    {
        public int Link;
    }

    [StructLayout(LayoutKind.Sequential, Size = 24)]
    private struct ObjectPath
    {
        public nint Path;
    }

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct ProgramQuery
    {
        public int Ifindex, Type, QueryFlags, AttachFlags;
        public nint Ids;
        public int Count;
    }

    [DllImport("libc", SetLastError = true)]
    private static extern long syscall(long number, long command, nint attributes, long size);

    [DllImport("libc", SetLastError = true, CharSet = CharSet.Ansi)]
    private static extern uint if_nametoindex(string name);
}
