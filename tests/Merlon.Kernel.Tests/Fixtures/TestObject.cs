using Merlon.Kernel.Tests.Bench;

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>Objects other than the real one: Programs/*.bpf.c, compiled once per run.</summary>
internal static class TestObject
{
    private static readonly Lock s_gate = new();

    public static string Compile(string name, params string[] defines)
    {
        var output = Path.Combine(AppContext.BaseDirectory, $"{name}{string.Concat(defines)}-{Environment.ProcessId}.o");
        lock (s_gate)
        {
            if (File.Exists(output)) return output;
            var source = Path.Combine(KernelObject.Repository, "tests/Merlon.Kernel.Tests/Programs", name + ".bpf.c");
            KernelObject.Run("clang", ["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror",
                "-idirafter", $"/usr/include/{KernelObject.Run("uname", "-m").Trim()}-linux-gnu", "-I", Path.Combine(KernelObject.Repository, "datapath"),
                .. defines.Select(d => "-D" + d), "-c", source, "-o", output]);
            AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(output);
        }
        return output;
    }
}
