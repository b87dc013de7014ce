namespace Merlon.Datapath.Native;

/// <summary>How many CPUs per-CPU maps have room for.</summary>
internal static class Cpus
{
    public static int Possible { get; } = BpfError.Check(LibBpf.PossibleCpus(), "cpus", "counting CPUs");
}
