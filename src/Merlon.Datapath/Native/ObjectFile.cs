using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary>A compiled object file opened by libbpf: sized, given pinned maps, then loaded.</summary>
internal sealed unsafe class ObjectFile : SafeHandle
{
    // The verifier's log is the only help a person gets; kernels before 6.4 refuse a load whose log does not fit.
    private const int LogBytes = 16 << 20;
    private byte* _log;

    public ObjectFile() : base(0, true) { }

    public override bool IsInvalid => handle == 0;

    public static ObjectFile Open(string path)
    {
        LibBpfLog.Install();
        LibBpfLog.Begin();
        var opened = LibBpf.ObjectOpen(path, null);
        var tail = LibBpfLog.Tail(5);
        if (opened == 0)
            throw new DatapathException("object-unreadable", $"{path} is not a BPF object: {tail.ReplaceLineEndings(" ")}", "reinstall Merlon, or build it again (./dev build)");
        var file = new ObjectFile();
        file.SetHandle(opened);
        return file;
    }

    /// <summary>Maps by name; the compiler's own (.rodata, .bss) are left to libbpf.</summary>
    public Dictionary<string, nint> Maps()
    {
        var maps = new Dictionary<string, nint>();
        for (var map = LibBpf.NextMap(handle, 0); map != 0; map = LibBpf.NextMap(handle, map))
            if (!LibBpf.MapIsInternal(map)) maps[Text(LibBpf.MapName(map))] = map;
        return maps;
    }

    public Dictionary<string, nint> Programs()
    {
        var programs = new Dictionary<string, nint>();
        for (var p = LibBpf.NextProgram(handle, 0); p != 0; p = LibBpf.NextProgram(handle, p)) programs[Text(LibBpf.ProgramName(p))] = p;
        return programs;
    }

    public void Load()
    {
        // SAFETY: freed in ReleaseHandle, after libbpf has let go of the programs that hold the pointer.
        _log = (byte*)NativeMemory.Alloc(LogBytes);
        _log[0] = 0;
        foreach (var program in Programs().Values) _ = LibBpf.ProgramSetLog(program, _log, LogBytes);
        LibBpfLog.Begin();
        var result = LibBpf.ObjectLoad(handle);
        var said = LibBpfLog.Tail(6);
        if (result >= 0) return;
        if (result is -Libc.Eperm or -Libc.Enomem) throw BpfError.Of("load-failed", $"loading the program: {said}", result);
        throw new DatapathException("load-failed", $"the kernel refused the program: {said}\n{LogTail(20)}".TrimEnd(),
            "this kernel's verifier disagrees with this build: report it with the lines above and 'uname -r'");
    }

    protected override bool ReleaseHandle()
    {
        LibBpf.ObjectClose(handle);
        NativeMemory.Free(_log);
        return true;
    }

    private string LogTail(int lines)
    {
        _log[LogBytes - 1] = 0;
        return string.Join('\n', Text((nint)_log).TrimEnd().Split('\n').TakeLast(lines));
    }

    private static string Text(nint utf8) => Marshal.PtrToStringUTF8(utf8) ?? "";
}
