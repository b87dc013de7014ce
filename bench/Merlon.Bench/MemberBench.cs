using System.Diagnostics;
using System.Globalization;
using Merlon.Agent.Sync;
using Merlon.Contracts.Wire;
using Merlon.Datapath;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Bench;

/// <summary>A VM of another host joins a set that rules name here, and leaves it: by a change of the image in force, and by a compilation and a commit, at
/// a kernel program that is attached nowhere. Each policy is read from its message, as an agent does it, knowing the one before.</summary>
internal sealed class MemberBench(string objectPath, TextWriter output)
{
    /// <summary>Longer than a slot stays for packets between their hooks.</summary>
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(650);

    private static readonly PolicyEndpoint s_member = new(new("7fffffff-0000-0000-0000-000000000000", 0), "member", "shop", "default",
        [new(0x0a000000u + 256u + 250u, AddressFamily.IPv4)]);

    public void Run(IReadOnlyList<int> sizes)
    {
        Say($"{"shape",-8} {"rules",7} | {"change ms",9} {"p99",7} : {"compile",7} {"plan",6} {"flip",6} | {"in a row",8} | {"whole ms",8} : {"compile",7} {"plan",6} {"commit",6} | {"first",6} {"read",6} {"settle",6} {"disk",6} | {"words",5} {"epochs",6}");
        foreach (var size in sizes)
            foreach (var shape in new[] { Shape.Acl, Shape.Fw, Shape.Ipc, Shape.Groups }) Measure(shape, size);
    }

    private void Measure(Shape shape, int rules)
    {
        var shaped = new ShapedPolicy(shape, rules);
        var outside = Resolver.Resolve(shaped.Set, shaped.Inventory, shaped.Host, 1).Policy;
        byte[][] bytes = [.. new[] { outside, WithMember(outside) }.Select(p => Google.Protobuf.MessageExtensions.ToByteArray(HostPolicyMessages.ToMessage(p)))];
        using var host = new Host(objectPath);
        var compiler = new HostCompiler();
        host.Put(() => compiler.Compile(outside, 0), outside, mayChange: false);
        var (next, before) = (0, outside);
        HostPolicy Next() => before = Read(bytes[++next % 2], before);
        List<Times> Changes(int rounds, TimeSpan apart) => [.. Enumerable.Range(0, rounds).Select(_ =>
        {
            var policy = Next();
            Thread.Sleep(apart);
            var times = host.Put(() => compiler.Compile(policy, 0), policy, mayChange: true);
            if (!host.Says(ImageCompiler.Compile(policy, 0).Image!)) throw new InvalidOperationException("the ruleset digests differ");
            return times;
        })];
        Changes(4, Apart);
        var quick = Changes(rules >= 100_000 ? 31 : 101, Apart);
        var row = Changes(11, TimeSpan.Zero);
        var whole = Enumerable.Range(0, 11).Select(_ =>
        {
            var policy = Next();
            Thread.Sleep(Apart);
            return host.Put(() => ImageCompiler.Compile(policy, 0), policy, mayChange: false);
        }).ToList();
        Tell(shape, rules, quick, row, whole, Rest(bytes));
    }

    // The first set that a rule for this host names; its last endpoint by key is the new one, so that it moves no other.
    private static HostPolicy WithMember(HostPolicy policy)
    {
        var set = policy.RuleLists.SelectMany(l => l.Rules).SelectMany(r => r.Remotes).First();
        var place = policy.Endpoints.Count(e => e.Key.CompareTo(s_member.Key) < 0);
        int Moved(int endpoint) => endpoint < place ? endpoint : endpoint + 1;
        var sets = policy.Sets.Select(s => s with { Endpoints = [.. s.Endpoints.Select(Moved)] }).ToList();
        sets[set] = sets[set] with { Endpoints = [.. sets[set].Endpoints.Append(place).Order()] };
        return policy with
        {
            Endpoints = policy.Endpoints.Insert(place, s_member),
            Sets = [.. sets],
            Nics = [.. policy.Nics.Select(n => n with { Endpoint = Moved(n.Endpoint) })],
        };
    }

    /// <summary>What else the agent does today: it reads the message, settles claims, and writes the policy to disk.</summary>
    private static Around Rest(byte[][] bytes)
    {
        var folder = Directory.CreateTempSubdirectory("merlon-bench").FullName;
        var (store, times, policy) = (new BookStore(folder), new List<Around>(), HostPolicy.Empty);
        for (var i = 0; i < 6; i++)
        {
            var fresh = Timed(() => policy = Read(bytes[i % 2], null));
            var read = Timed(() => policy = Read(bytes[i % 2], policy));
            times.Add(new(fresh, read, Timed(() => ClaimCourt.Settle(policy, HostBook.Empty.Owners)), Timed(() => store.SavePolicy(1, bytes[i % 2]))));
        }
        Directory.Delete(folder, recursive: true);
        return new(Middle(times.Select(t => t.Fresh)), Middle(times.Select(t => t.Read)), Middle(times.Select(t => t.Settle)), Middle(times.Select(t => t.Disk)));
    }

    private static HostPolicy Read(byte[] bytes, HostPolicy? before) => HostPolicyMessages.FromMessage(HostPolicyMessage.Parser.ParseFrom(bytes), before);

    private static double Timed<T>(Func<T> work)
    {
        var started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static double Middle(IEnumerable<double> values) => At(values, 0.5);

    private static double At(IEnumerable<double> values, double part) => values.Order().ToArray() is var all ? all[Math.Min(all.Length - 1, (int)(part * all.Length))] : 0;

    private void Tell(Shape shape, int rules, List<Times> quick, List<Times> row, List<Times> whole, Around rest) => Say(
        $"{shape.ToString().ToLowerInvariant(),-8} {rules,7} | {Middle(quick.Select(t => t.Total)),9:f3} {At(quick.Select(t => t.Total), 0.99),7:f2} : {Middle(quick.Select(t => t.Compile)),7:f3} {Middle(quick.Select(t => t.Plan)),6:f3} {Middle(quick.Select(t => t.Kernel)),6:f3} | {Middle(row.Select(t => t.Total)),8:f1} | {Middle(whole.Select(t => t.Total)),8:f1} : {Middle(whole.Select(t => t.Compile)),7:f1} {Middle(whole.Select(t => t.Plan)),6:f1} {Middle(whole.Select(t => t.Kernel)),6:f1} | {rest.Fresh,6:f1} {rest.Read,6:f1} {rest.Settle,6:f1} {rest.Disk,6:f1} | {quick[0].Words,5} {quick[0].Epochs,6}{(quick.Concat(row).All(t => t.Words >= 0) ? "" : " NOT ALL BY CHANGE")}");

    private void Say(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    /// <param name="Kernel">Until the kernel judges by it.</param>
    /// <param name="Words">Written; -1 = the whole image.</param>
    /// <param name="Epochs">vNICs whose connections are judged again.</param>
    private sealed record Times(double Compile, double Plan, double Kernel, int Words, int Epochs)
    {
        public double Total => Compile + Plan + Kernel;
    }

    private sealed record Around(double Fresh, double Read, double Settle, double Disk);

    /// <summary>The kernel's side of one agent.</summary>
    private sealed class Host : IDisposable
    {
        private readonly KernelDatapath _kernel;
        private HostBook _book = HostBook.Empty;
        private HostPlan? _plan;

        public Host(string objectPath) => _kernel = KernelDatapath.Open(new(objectPath,
            string.Create(CultureInfo.InvariantCulture, $"/sys/fs/bpf/merlon-bench-{Environment.ProcessId}"), Connections4: 1024, Connections6: 1024, HalfOpen: 1024));

        public bool Says(HostImage image) => _plan!.Image.Nics.SequenceEqual(image.Nics);

        public Times Put(Func<CompileResult> compile, HostPolicy policy, bool mayChange)
        {
            var started = Stopwatch.GetTimestamp();
            var image = compile().Image!;
            var compiled = Stopwatch.GetElapsedTime(started);
            var before = _plan;
            var plan = Planner.Plan(_book, new(policy, _book.Owners, []), image, 0, null, mayChange ? before : null);
            var bind = plan.Bind();
            var changes = mayChange && before is not null ? image.Words.ChangesSince(before.Image.Words) : null;
            var planned = Stopwatch.GetElapsedTime(started);
            var result = changes is null ? null : _kernel.Images.Change(changes, bind);
            var took = (result ?? _kernel.Images.Commit(image.Words.AsSpan(), bind, plan.RuleIds.AsSpan())).Took;
            (_plan, _book) = (plan, plan.Book);
            return new(compiled.TotalMilliseconds, (planned - compiled).TotalMilliseconds, took.TotalMilliseconds,
                result is null ? -1 : changes!.Count, before is null ? 0 : plan.Nics.Zip(before.Nics).Count(n => n.First.Epoch != n.Second.Epoch));
        }

        public void Dispose()
        {
            _kernel.Remove();
            _kernel.Dispose();
        }
    }
}
