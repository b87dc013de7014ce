using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary>libbpf 1.x. Functions that return int return a negative errno; those that return a pointer return null and set errno.</summary>
// SAFETY: blittable parameters only. Keys, values and option structs are pinned or on the caller's stack, of the size that
// the map or the struct's first word says. bpf_object pointers live in ObjectFile, which closes them once.
internal static unsafe partial class LibBpf
{
    private const string Name = "libbpf.so.1";

    [LibraryImport(Name, EntryPoint = "libbpf_set_print")]
    public static partial nint SetPrint(delegate* unmanaged<int, byte*, void*, int> print);

    [LibraryImport(Name, EntryPoint = "libbpf_num_possible_cpus")]
    public static partial int PossibleCpus();

    [LibraryImport(Name, EntryPoint = "bpf_object__open_file", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint ObjectOpen(string path, void* options);

    [LibraryImport(Name, EntryPoint = "bpf_object__load")]
    public static partial int ObjectLoad(nint file);

    [LibraryImport(Name, EntryPoint = "bpf_object__close")]
    public static partial void ObjectClose(nint file);

    [LibraryImport(Name, EntryPoint = "bpf_object__next_map")]
    public static partial nint NextMap(nint file, nint previous);

    [LibraryImport(Name, EntryPoint = "bpf_object__next_program")]
    public static partial nint NextProgram(nint file, nint previous);

    [LibraryImport(Name, EntryPoint = "bpf_map__name")]
    public static partial nint MapName(nint map);

    [LibraryImport(Name, EntryPoint = "bpf_map__fd")]
    public static partial int MapFd(nint map);

    [LibraryImport(Name, EntryPoint = "bpf_map__type")]
    public static partial uint MapType(nint map);

    [LibraryImport(Name, EntryPoint = "bpf_map__key_size")]
    public static partial uint MapKeySize(nint map);

    [LibraryImport(Name, EntryPoint = "bpf_map__value_size")]
    public static partial uint MapValueSize(nint map);

    [LibraryImport(Name, EntryPoint = "bpf_map__map_flags")]
    public static partial uint MapFlags(nint map);

    [LibraryImport(Name, EntryPoint = "bpf_map__set_map_flags")]
    public static partial int MapSetFlags(nint map, uint flags);

    [LibraryImport(Name, EntryPoint = "bpf_map__max_entries")]
    public static partial uint MapMaxEntries(nint map);

    [LibraryImport(Name, EntryPoint = "bpf_map__set_max_entries")]
    public static partial int MapSetMaxEntries(nint map, uint entries);

    [LibraryImport(Name, EntryPoint = "bpf_map__inner_map")]
    public static partial nint MapInner(nint map);

    [LibraryImport(Name, EntryPoint = "bpf_map__reuse_fd")]
    public static partial int MapReuse(nint map, SafeHandle fd);

    [LibraryImport(Name, EntryPoint = "bpf_map__is_internal")]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool MapIsInternal(nint map);

    [LibraryImport(Name, EntryPoint = "bpf_program__name")]
    public static partial nint ProgramName(nint program);

    [LibraryImport(Name, EntryPoint = "bpf_program__fd")]
    public static partial int ProgramFd(nint program);

    [LibraryImport(Name, EntryPoint = "bpf_program__set_log_buf")]
    public static partial int ProgramSetLog(nint program, byte* buffer, nuint size);

    [LibraryImport(Name, EntryPoint = "bpf_map_create", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MapCreate(uint type, string name, uint keySize, uint valueSize, uint entries, MapCreateOptions* options);

    [LibraryImport(Name, EntryPoint = "bpf_map_update_elem")]
    public static partial int MapUpdate(SafeHandle map, void* key, void* value, ulong flags);

    [LibraryImport(Name, EntryPoint = "bpf_map_lookup_elem_flags")]
    public static partial int MapLookup(SafeHandle map, void* key, void* value, ulong flags);

    [LibraryImport(Name, EntryPoint = "bpf_map_delete_elem")]
    public static partial int MapDelete(SafeHandle map, void* key);

    [LibraryImport(Name, EntryPoint = "bpf_map_lookup_batch")]
    public static partial int MapLookupBatch(SafeHandle map, void* inBatch, void* outBatch, void* keys, void* values, uint* count, BatchOptions* options);

    [LibraryImport(Name, EntryPoint = "bpf_map_get_fd_by_id")]
    public static partial int MapById(uint id);

    [LibraryImport(Name, EntryPoint = "bpf_prog_load", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ProgramLoad(uint type, string name, string licence, void* instructions, nuint count, void* options);

    [LibraryImport(Name, EntryPoint = "bpf_prog_get_fd_by_id")]
    public static partial int ProgramById(uint id);

    [LibraryImport(Name, EntryPoint = "bpf_obj_pin", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Pin(SafeHandle fd, string path);

    [LibraryImport(Name, EntryPoint = "bpf_obj_get", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int GetPinned(string path);

    [LibraryImport(Name, EntryPoint = "bpf_obj_get_info_by_fd")]
    public static partial int GetInfo(SafeHandle fd, void* info, uint* length);

    [LibraryImport(Name, EntryPoint = "bpf_link_update")]
    public static partial int LinkUpdate(SafeHandle link, SafeHandle program, void* options);

    [LibraryImport(Name, EntryPoint = "bpf_link_detach")]
    public static partial int LinkDetach(SafeHandle link);

    [LibraryImport(Name, EntryPoint = "bpf_prog_test_run_opts")]
    public static partial int TestRun(SafeHandle program, TestRunOptions* options);

    [LibraryImport(Name, EntryPoint = "bpf_tc_hook_create")]
    public static partial int TcHookCreate(TcHook* hook);

    [LibraryImport(Name, EntryPoint = "bpf_tc_hook_destroy")]
    public static partial int TcHookDestroy(TcHook* hook);

    [LibraryImport(Name, EntryPoint = "bpf_tc_attach")]
    public static partial int TcAttach(TcHook* hook, TcOptions* options);

    [LibraryImport(Name, EntryPoint = "bpf_tc_detach")]
    public static partial int TcDetach(TcHook* hook, TcOptions* options);

    [LibraryImport(Name, EntryPoint = "bpf_tc_query")]
    public static partial int TcQuery(TcHook* hook, TcOptions* options);
}
