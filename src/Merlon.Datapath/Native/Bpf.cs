using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary>bpf(2) where libbpf 1.1 does not know the feature, and typed reads of object information.</summary>
internal static unsafe class Bpf
{
    public const uint AttachTcxIngress = 46, AttachTcxEgress = 47;
    public const uint MapTypeArray = 2, MapTypeArrayOfMaps = 12, MapTypeRingBuffer = 27;
    public const uint FlagMmapable = 1u << 10, FlagInnerMap = 1u << 12, FlagBefore = 1u << 3;
    public const uint LinkTypeTcx = 11;
    public const ulong WithLock = 4;
    private const long CommandProgQuery = 16, CommandLinkCreate = 28, CommandEnableStats = 32;

    private static long Number => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 321 : 280;

    public static BpfFd CreateMap(uint type, string name, uint keySize, uint valueSize, uint entries, uint flags) =>
        CreateMap(type, name, keySize, valueSize, entries, new MapCreateOptions { Size = (nuint)sizeof(MapCreateOptions), MapFlags = flags });

    /// <summary>One element, a map such as <paramref name="inner"/>.</summary>
    public static BpfFd CreateMapOfMaps(string name, BpfFd inner) => CreateMap(MapTypeArrayOfMaps, name, sizeof(uint), sizeof(uint), 1,
        new MapCreateOptions { Size = (nuint)sizeof(MapCreateOptions), InnerMapFd = (uint)inner.DangerousGetHandle() });

    private static BpfFd CreateMap(uint type, string name, uint keySize, uint valueSize, uint entries, MapCreateOptions options)
    {
        // SAFETY: options outlives the call.
        return new(BpfError.Check(LibBpf.MapCreate(type, name, keySize, valueSize, entries, &options), "map-create", $"creating map {name}"));
    }

    /// <summary>Creates a tcx link as the first of its hook. Negative errno on failure.</summary>
    public static int CreateTcxLink(SafeHandle program, int ifindex, uint attachType)
    {
        var attributes = new LinkCreateAttributes
        {
            ProgramFd = (uint)program.DangerousGetHandle(),
            TargetIfindex = (uint)ifindex,
            AttachType = attachType,
            Flags = FlagBefore,
        };
        var result = Call(CommandLinkCreate, &attributes, sizeof(LinkCreateAttributes));
        GC.KeepAlive(program);
        return result;
    }

    /// <summary>A program that drops every packet (r0 = TC_ACT_SHOT; exit).</summary>
    public static BpfFd LoadDropAll()
    {
        const uint schedCls = 3;
        var instructions = stackalloc ulong[] { 0x00000002_0000_00_b7, 0x95 };
        // SAFETY: two instructions of eight bytes; libbpf copies them.
        return new(BpfError.Check(LibBpf.ProgramLoad(schedCls, "merlon_gate", "Dual BSD/GPL", instructions, 2, null), "load-failed", "loading the gate"));
    }

    /// <summary>Program ids at a tcx hook in the order they run; -errno when the kernel has no tcx or the interface is gone.</summary>
    public static int QueryTcx(int ifindex, uint attachType, Span<uint> programs)
    {
        fixed (uint* ids = programs)
        {
            var attributes = new QueryAttributes
            {
                TargetIfindex = (uint)ifindex,
                AttachType = attachType,
                ProgramIds = (ulong)ids,
                Count = (uint)programs.Length,
            };
            var result = Call(CommandProgQuery, &attributes, sizeof(QueryAttributes));
            return result < 0 ? result : (int)attributes.Count;
        }
    }

    /// <summary>As long as it is open the kernel counts how long every program runs (BPF_STATS_RUN_TIME), which costs each run some tens of ns.</summary>
    public static BpfFd CountTime()
    {
        uint runTime = 0;
        return new(BpfError.Check(Call(CommandEnableStats, &runTime, sizeof(uint)), "stats-failed", "counting the time of programs"));
    }

    /// <summary>Object information, zero beyond what this kernel fills in.</summary>
    public static T Info<T>(SafeHandle fd) where T : unmanaged
    {
        T info = default;
        var length = (uint)sizeof(T);
        // SAFETY: the kernel writes at most length bytes.
        BpfError.Check(LibBpf.GetInfo(fd, &info, &length), "object-info", "reading object information");
        return info;
    }

    /// <summary>Opens a pin; null when there is none.</summary>
    public static BpfFd? OpenPinned(string path)
    {
        var fd = LibBpf.GetPinned(path);
        if (fd == -Libc.Enoent) return null;
        return new(BpfError.Check(fd, "pin-open", $"opening the pin {path}"));
    }

    public static void Pin(SafeHandle fd, string path) => BpfError.Check(LibBpf.Pin(fd, path), "pin-failed", $"pinning {path}");

    private static int Call(long command, void* attributes, int size)
    {
        // SAFETY: attributes points to size bytes of the caller's stack, laid out as the kernel's union for this command.
        var result = Libc.Syscall(Number, command, attributes, size);
        return result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
    }
}
