using Merlon.Contracts;

namespace Merlon.Cli.Commands.Lab;

/// <summary>A lab: one host, or two whose bridges a cable joins, with Merlon's own parts (lab/parts.sh). The second host is instance NAME-2.</summary>
internal sealed record Lab(InstancePaths Paths)
{
    public const string DefaultInstance = "lab";

    public static Lab Of(Call call) => new(call.Paths.Instance.Length > 0 ? call.Paths : InstancePaths.Parse(DefaultInstance)!);

    public LabHost First => new(Paths, 1);

    public LabHost Second => new(InstancePaths.Parse(Paths.Instance + "-2") ?? throw new CliException(
        $"'{Paths.Instance}' is too long for a lab: its second host is '{Paths.Instance}-2'", "an instance name has at most 32 characters"), 2);

    /// <summary>Those that there are, running or killed.</summary>
    public IReadOnlyList<LabHost> Hosts => HasTwo ? [First, Second] : [First];

    // Written before the second host is: a lab of the name NAME-2 that stands alone is not ours.
    private string Mark => $"{Paths.Run}/two-hosts";

    private bool HasTwo => File.Exists(Mark);

    public void MustExist()
    {
        if (!First.Exists) throw new CliException("the lab is not up", "start it with 'merlon lab up'", ExitCode.NotFound);
    }

    /// <summary>A host that is there, by name.</summary>
    public LabHost Host(string name)
    {
        MustExist();
        return Hosts.FirstOrDefault(h => h.Name == name) ?? throw new CliException(
            $"the lab has no host '{name}'", $"it has {string.Join(", ", Hosts.Select(h => h.Name))}{(HasTwo ? "" : "; 'merlon lab up --hosts 2' starts two")}", ExitCode.NotFound);
    }

    /// <summary>Where each running VM is. One that moves at this moment is where it comes from.</summary>
    public async Task<IReadOnlyDictionary<string, LabHost>> RunningVms(CancellationToken cancel)
    {
        var found = await Task.WhenAll(Hosts.Select(async h => (Host: h, Vms: await h.RunningVms(cancel))));
        return found.SelectMany(f => f.Vms.Select(vm => (f.Host, Vm: vm))).GroupBy(f => f.Vm).ToDictionary(g => g.Key, g => g.First().Host);
    }

    public async Task<LabHost> HostOf(LabVm vm, CancellationToken cancel)
    {
        MustExist();
        return (await RunningVms(cancel)).GetValueOrDefault(vm.Name) ?? throw NotRunning(vm.Name);
    }

    /// <summary>Two hosts, their cable, and a controller with an agent on each.</summary>
    /// <param name="programs">Folder of merlon-agent, its object and merlon-controller.</param>
    public async Task UpTwo(string programs, CancellationToken cancel)
    {
        var agent = Path.Combine(programs, "merlon-agent");
        Directory.CreateDirectory(Paths.Run);
        await File.WriteAllTextAsync(Mark, Second.Namespace + "\n", cancel);
        await Task.WhenAll(First.Up(agent, cancel), Second.Up(agent, cancel));
        await Script("host.sh", "wire", First.Namespace, Second.Namespace);
        await Script("parts.sh", "up", First.Namespace, Second.Namespace, programs);
        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Whatever there is of it, also of one that was killed.</summary>
    public async Task Down(string agent, CancellationToken cancel)
    {
        if (HasTwo) await Script("parts.sh", "down", First.Namespace, Second.Namespace, agent);
        await Task.WhenAll(Hosts.Select(h => h.Down(cancel)));
        if (!HasTwo)
        {
            if (File.Exists(agent)) await Script("parts.sh", "gate", First.Namespace, agent);
            return;
        }
        File.Delete(Mark);
        if (!Directory.EnumerateFileSystemEntries(Paths.Run).Any()) Directory.Delete(Paths.Run);
    }

    /// <summary>Controller and agents run.</summary>
    public async Task<bool> HasParts(CancellationToken cancel) =>
        (await LabProcess.Told([LabFiles.Script("parts.sh"), "alive", First.Namespace, Second.Namespace], _ => cancel.ThrowIfCancellationRequested())).Code == 0;

    public static CliException NotRunning(string vm) => new($"VM {vm} does not run in the lab", "see 'merlon lab status'", ExitCode.NotFound);

    private static Task<string> Script(params IEnumerable<string> words) => LabProcess.Output([LabFiles.Script(words.First()), .. words.Skip(1)], CancellationToken.None);
}
