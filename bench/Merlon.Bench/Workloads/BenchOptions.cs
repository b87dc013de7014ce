namespace Merlon.Bench.Workloads;

/// <summary>What the command line asks of every workload.</summary>
/// <param name="ObjectPath">The product's program.</param>
/// <param name="HelperPath">bench/traffic.bpf.c, compiled.</param>
/// <param name="Talk">For people; results are returned.</param>
internal sealed record BenchOptions(string ObjectPath, string HelperPath, bool Quick, TextWriter Talk)
{
    public int Rounds => Quick ? 5 : 21;

    public TimeSpan Slice => TimeSpan.FromMilliseconds(Quick ? 100 : 150);

    public void Say(FormattableString text) => Talk.WriteLine(FormattableString.Invariant(text));
}
