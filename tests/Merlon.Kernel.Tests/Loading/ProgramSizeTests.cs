using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Merlon.Datapath.Native;
using Merlon.Kernel.Tests.Fixtures;
using Merlon.Kernel.Tests.Bench;
using Xunit;

namespace Merlon.Kernel.Tests.Loading;

/// <summary>What each program costs a kernel, and what the maps take at their default sizes, against datapath/size.txt. Only on the kernel series
/// and number of CPUs that the file names: verifiers and maps count otherwise elsewhere. <c>UPDATE_EXPECTED=1</c> writes the file.</summary>
public sealed unsafe partial class ProgramSizeTests
{
    private const uint LogStatistics = 4, LogBytes = 1 << 16;
    private static readonly string s_stored = Path.Combine(KernelObject.Repository, "datapath", "size.txt");

    [Fact]
    public void Nothing_grows_unsaid()
    {
        var here = string.Create(CultureInfo.InvariantCulture, $"kernel {string.Join('.', File.ReadAllText("/proc/sys/kernel/osrelease").Split('.').Take(2))}, {LibBpf.PossibleCpus()} CPUs");
        var measured = OwnDescriptors.Run(Measure);
        if (Environment.GetEnvironmentVariable("UPDATE_EXPECTED") == "1")
            File.WriteAllLines(s_stored, [here, .. measured.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Key} {m.Value}"))]);
        var lines = File.ReadAllLines(s_stored);
        Assert.SkipUnless(lines[0] == here, $"{lines[0]} is recorded, this is {here}");
        var stored = lines.Skip(1).Select(l => l.Split(' ')).ToDictionary(w => $"{w[0]} {w[1]}", w => long.Parse(w[2], CultureInfo.InvariantCulture));
        var grown = measured.Where(m => m.Value > stored.GetValueOrDefault(m.Key)).Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Key}: {m.Value}, was {stored.GetValueOrDefault(m.Key)}")).ToList();
        Assert.True(grown.Count == 0, $"say it in CHANGELOG.md and run once with UPDATE_EXPECTED=1: {string.Join("; ", grown)}");
    }

    // Instructions of the object, those that the verifier walked, the deepest frame of its stack in bytes; bytes of memory of each map.
    private static SortedDictionary<string, long> Measure()
    {
        var sizes = new SortedDictionary<string, long>(StringComparer.Ordinal);
        using var file = ObjectFile.Open(KernelObject.Path);
        var programs = file.Programs();
        var logs = programs.ToDictionary(p => p.Key, _ => (nint)NativeMemory.AllocZeroed(LogBytes));
        // SAFETY: the buffers live until the object has been loaded; libbpf writes no further than their size.
        foreach (var (name, program) in programs)
        {
            _ = SetLogLevel(program, LogStatistics);
            _ = LibBpf.ProgramSetLog(program, (byte*)logs[name], LogBytes);
        }
        BpfError.Check(LibBpf.ObjectLoad(file.DangerousGetHandle()), "load-failed", "loading the program");
        foreach (var (name, program) in programs)
        {
            var said = Marshal.PtrToStringUTF8(logs[name])!;
            sizes[$"{name} instructions"] = (long)Instructions(program);
            sizes[$"{name} walked"] = long.Parse(Walked().Match(said).Groups[1].Value, CultureInfo.InvariantCulture);
            sizes[$"{name} stack"] = Stack().Match(said).Groups[1].Value.Split('+').Max(d => long.Parse(d, CultureInfo.InvariantCulture));
            NativeMemory.Free((void*)logs[name]);
        }
        foreach (var (name, map) in file.Maps()) sizes[$"{name} memory"] = Memory(LibBpf.MapFd(map));
        return sizes;
    }

    private static long Memory(int map) => File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/thread-self/fdinfo/{map}"))
        .Where(l => l.StartsWith("memlock:", StringComparison.Ordinal)).Select(l => long.Parse(l[8..], CultureInfo.InvariantCulture)).Single();

    [GeneratedRegex("processed ([0-9]+) insns")]
    private static partial Regex Walked();

    [GeneratedRegex("stack depth ([0-9+]+)")]
    private static partial Regex Stack();

    [LibraryImport("libbpf.so.1", EntryPoint = "bpf_program__set_log_level")]
    private static partial int SetLogLevel(nint program, uint level);

    [LibraryImport("libbpf.so.1", EntryPoint = "bpf_program__insn_cnt")]
    private static partial nuint Instructions(nint program);
}
