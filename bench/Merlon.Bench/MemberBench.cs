using System.Diagnostics;
using System.Globalization;
using Merlon.Agent.Sync;
using Merlon.Contracts.Wire;
using Merlon.Datapath;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Bench;

/// <summary>A VM of another host joins a set that rules name here, and leaves it: by a change of the image in force, and in turns with it by a compilation
/// and a commit, each at a kernel program of its own that is attached nowhere.</summary>
internal sealed class MemberBench(string objectPath, TextWriter output)
{
    private static readonly PolicyEndpoint s_member = new(new("7fffffff-0000-0000-0000-000000000000", 0), "member", "shop", "default",
        [new(0x0a000000u + 256u + 250u, AddressFamily.IPv4)]);

    public void Run(IReadOnlyList<int> sizes)
    {
        Say($"{"shape",-8} {"rules",7} | {"change ms",9} {"p99",7} : {"compile",7} {"plan",6} {"flip",6} {"ready",6} | {"whole ms",8} {"p99",7} : {"compile",7} {"plan",6} {"commit",6} | {"read",6} {"settle",6} {"compile",7} {"disk",6} {"words",5} {"epochs",6}");
        foreach (var size in sizes)
            foreach (var shape in new[] { Shape.Acl, Shape.Fw, Shape.Ipc, Shape.Groups }) Measure(shape, size);
    }

    private void Measure(Shape shape, int rules)
    {
        var shaped = new ShapedPolicy(shape, rules);
        var outside = Resolver.Resolve(shaped.Set, shaped.Inventory, shaped.Host, 1).Policy;
        var inside = WithMember(outside);
        using var changing = new Host(objectPath, "a");
        using var whole = new Host(objectPath, "b");
        var compiler = new HostCompiler();
        var rounds = rules >= 100_000 ? 31 : 101;
        foreach (var host in new[] { changing, whole }) host.Put(compiler.Compile(outside, 0).Image!, outside, mayChange: false);
        var (quick, slow) = (new List<Times>(), new List<Times>());
        for (var i = 0; i < rounds + 4; i++)
        {
            var next = (i % 2 == 0 ? inside : outside) with { Sequence = (ulong)i + 2 };
            quick.Add(changing.Put(() => compiler.Compile(next, 0), next, mayChange: true));
            slow.Add(whole.Put(() => ImageCompiler.Compile(next, 0), next, mayChange: false));
            if (!changing.SaysAs(whole)) throw new InvalidOperationException("the ruleset digests differ");
        }
        Tell(shape, rules, quick[4..], slow[4..], Rest(outside, inside));
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

    /// <summary>What else the agent does today: it reads the message, settles claims, finds by content that the rules are the same, and writes the policy to disk.</summary>
    private static Around Rest(HostPolicy outside, HostPolicy inside)
    {
        var folder = Directory.CreateTempSubdirectory("merlon-bench").FullName;
        byte[][] bytes = [.. new[] { outside, inside }.Select(p => Google.Protobuf.MessageExtensions.ToByteArray(HostPolicyMessages.ToMessage(p)))];
        var (store, compiler, times) = (new BookStore(folder), new HostCompiler(), new List<Around>());
        compiler.Compile(Read(bytes[0]), 0);
        for (var i = 1; i <= 6; i++)
        {
            var policy = HostPolicy.Empty;
            var read = Timed(() => policy = Read(bytes[i % 2]));
            times.Add(new(read, Timed(() => ClaimCourt.Settle(policy, HostBook.Empty.Owners)), Timed(() => compiler.Compile(policy, 0)), Timed(() => store.SavePolicy(1, bytes[i % 2]))));
        }
        Directory.Delete(folder, recursive: true);
        return new(Middle(times.Select(t => t.Read)), Middle(times.Select(t => t.Settle)), Middle(times.Select(t => t.Compile)), Middle(times.Select(t => t.Disk)));
    }

    private static HostPolicy Read(byte[] bytes) => HostPolicyMessages.FromMessage(HostPolicyMessage.Parser.ParseFrom(bytes));

    private static double Timed<T>(Func<T> work)
    {
        var started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static double Middle(IEnumerable<double> values) => At(values, 0.5);

    private static double At(IEnumerable<double> values, double part) => values.Order().ToArray() is var all ? all[Math.Min(all.Length - 1, (int)(part * all.Length))] : 0;

    private void Tell(Shape shape, int rules, List<Times> quick, List<Times> slow, Around rest) => Say(
        $"{shape.ToString().ToLowerInvariant(),-8} {rules,7} | {Middle(quick.Select(t => t.Total)),9:f3} {At(quick.Select(t => t.Total), 0.99),7:f2} : {Middle(quick.Select(t => t.Compile)),7:f3} {Middle(quick.Select(t => t.Plan)),6:f3} {Middle(quick.Select(t => t.Kernel)),6:f3} {Middle(quick.Select(t => t.Ready)),6:f2} | {Middle(slow.Select(t => t.Total)),8:f1} {At(slow.Select(t => t.Total), 0.99),7:f1} : {Middle(slow.Select(t => t.Compile)),7:f1} {Middle(slow.Select(t => t.Plan)),6:f1} {Middle(slow.Select(t => t.Kernel)),6:f1} | {rest.Read,6:f1} {rest.Settle,6:f1} {rest.Compile,7:f1} {rest.Disk,6:f1} {quick[0].Words,5} {quick[0].Epochs,6}{(quick.TrueForAll(t => t.Words >= 0) ? "" : " NOT ALL BY CHANGE")}");

    private void Say(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    /// <param name="Kernel">Until the kernel judges by it.</param>
    /// <param name="Ready">Until the next change can be made.</param>
    /// <param name="Words">Written; -1 = the whole image.</param>
    /// <param name="Epochs">vNICs whose connections are judged again.</param>
    private sealed record Times(double Compile, double Plan, double Kernel, double Ready, int Words, int Epochs)
    {
        public double Total => Compile + Plan + Kernel;
    }

    /// <param name="Compile">As a change, of a policy of which every object is new.</param>
    private sealed record Around(double Read, double Settle, double Compile, double Disk);

    /// <summary>The kernel's side of one agent.</summary>
    private sealed class Host : IDisposable
    {
        private readonly KernelDatapath _kernel;
        private HostBook _book = HostBook.Empty;
        private HostPlan? _plan;

        public Host(string objectPath, string name) => _kernel = KernelDatapath.Open(new(objectPath,
            string.Create(CultureInfo.InvariantCulture, $"/sys/fs/bpf/merlon-bench-{Environment.ProcessId}{name}"), Connections4: 1024, Connections6: 1024, HalfOpen: 1024));

        public bool SaysAs(Host other) => _plan!.Image.Nics.SequenceEqual(other._plan!.Image.Nics);

        public Times Put(HostImage image, HostPolicy policy, bool mayChange) => Put(() => new(image, []), policy, mayChange);

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
            var result = (changes is null ? null : _kernel.Images.Change(changes, bind)) ?? _kernel.Images.Commit(image.Words.AsSpan(), bind, plan.RuleIds.AsSpan());
            var ready = Stopwatch.GetElapsedTime(started) - planned;
            (_plan, _book) = (plan, plan.Book);
            return new(compiled.TotalMilliseconds, (planned - compiled).TotalMilliseconds, result.Took.TotalMilliseconds, ready.TotalMilliseconds,
                changes?.Count ?? -1, before is null ? 0 : plan.Nics.Zip(before.Nics).Count(n => n.First.Epoch != n.Second.Epoch));
        }

        public void Dispose()
        {
            _kernel.Remove();
            _kernel.Dispose();
        }
    }
}
