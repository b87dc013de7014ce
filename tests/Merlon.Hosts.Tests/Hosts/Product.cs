using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Merlon.Contracts;
using Merlon.Contracts.Api;

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>The real agent and controller of one instance, guarding one host namespace, and the command line.</summary>
public sealed class Product : IDisposable
{
    private readonly string _host;
    private readonly int _port;
    private readonly string _log;
    private readonly string _libvirt;
    private readonly DirectoryInfo _manifests = Directory.CreateTempSubdirectory("merlon-test-");
    private int _manifest;

    /// <param name="host">Path of the host's network namespace.</param>
    public Product(string host, string instance, int port, string libvirt = "none")
    {
        _host = host;
        _port = port;
        _libvirt = libvirt;
        Paths = InstancePaths.Parse(instance)!;
        _log = Path.Combine(Repository.Root, "artifacts", "logs");
        Directory.CreateDirectory(_log);
    }

    public InstancePaths Paths { get; }

    /// <summary>How long a part may take to start.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Where the agent's log lines go.</summary>
    public string AgentLog => LogOf("agent");

    public Process? Agent { get; private set; }
    public Process? Controller { get; private set; }

    public void StartController()
    {
        Controller = Start("controller", Repository.Bin("merlon-controller"), "run", "--instance", Paths.Instance, "--port", $"{_port}");
        Until("the API", Patience, () => Cli("status").Code is 0 or 2);
    }

    public void StartAgent() => Agent = Start("agent", "nsenter", [$"--net={_host}", Repository.Bin("merlon-agent"), "run",
        "--instance", Paths.Instance, "--libvirt", _libvirt, "--controller", "unix:" + Paths.ControllerSocket,
        "--object", Repository.Object, "--host", "host-" + Paths.Instance]);

    /// <summary>Runs the command line for this instance.</summary>
    public ShellResult Cli(params string[] args) => Shell.Run(Repository.Bin("merlon"), ["--instance", Paths.Instance, .. args]);

    /// <summary>Applies manifest text and waits until the kernel has it.</summary>
    public void Apply(string yaml) => Cli("apply", "-f", WriteManifest(yaml), "--wait").Ok();

    /// <summary>The revision log, as the command line gives it.</summary>
    public IReadOnlyList<RevisionRecord> Revisions() => JsonSerializer.Deserialize(Cli("get", "revision", "-o", "json").Ok(), ApiJson.Default.IReadOnlyListRevisionRecord)!;

    /// <summary>Waits until controller and agent are one and the kernel has the wanted policy.</summary>
    public void WaitReady() => Until("status --wait", TimeSpan.FromSeconds(30), () => Cli("status", "--wait", "--timeout", "10").Code == 0);

    /// <summary>Writes a manifest into the instance's folder of this test and gives its path.</summary>
    public string WriteManifest(string yaml)
    {
        var file = Path.Combine(_manifests.FullName, $"{Interlocked.Increment(ref _manifest)}.yaml");
        File.WriteAllText(file, yaml);
        return file;
    }

    /// <summary>Guards the host side of a guest by hand.</summary>
    public void Attach(Guest guest, string tenant, string labels = "") => TryAttach(guest, tenant, labels).Ok();

    /// <summary>The same, for a test that kills the parts meanwhile.</summary>
    public ShellResult TryAttach(Guest guest, string tenant, string labels = "") => Cli([
        "attach", guest.Ifname, "--vm", guest.Name, "--tenant", tenant, "--mac", guest.Mac,
        "--address", guest.Ip4.ToString(), "--address", guest.Ip6.ToString(), "--network", "br0",
        .. labels.Length > 0 ? new[] { "--labels", labels } : []]);

    /// <summary>SIGKILL, without a word before.</summary>
    public static void Kill9(Process? process)
    {
        if (process is null || process.HasExited) return;
        if (kill(process.Id, 9) != 0) throw new InvalidOperationException(Marshal.GetLastPInvokeErrorMessage());
        process.WaitForExit();
    }

    /// <summary>Waits until a condition holds or fails the test.</summary>
    public static void Until(string what, TimeSpan limit, Func<bool> holds)
    {
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            if (clock.Elapsed > limit) throw new TimeoutException($"{what}: not within {limit.TotalSeconds:f0} s");
            Thread.Sleep(50);
        }
    }

    public void Dispose()
    {
        Kill9(Agent);
        Kill9(Controller);
        Shell.Run("nsenter", $"--net={_host}", Repository.Bin("merlon-agent"), "remove", "--instance", Paths.Instance);
        _manifests.Delete(recursive: true);
        foreach (var folder in new[] { Paths.Etc, Paths.Var, Paths.Run })
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    private Process Start(string name, string file, params string[] args)
    {
        // Through a shell, so that the log is a plain file that outlives the test.
        var log = LogOf(name);
        var info = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >> \"$log\" 2>&1", "sh", log, file, .. args]);
        return Process.Start(info)!;
    }

    private string LogOf(string name) => Path.Combine(_log, $"{Paths.Instance}-{name}.log");

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int signal);
}
