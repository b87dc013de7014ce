using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Merlon.Contracts;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;

namespace Merlon.Hosts.Tests.Gate;

/// <summary>A host with a libvirtd of its own, Merlon's hook in it, flooding VMs, and a third port that counts what gets out of them and
/// broadcasts all the time.</summary>
public sealed class GateHost : IDisposable
{
    private const int Stop = 19, Continue = 18, HangUp = 1;
    private const int FloodPort = 7300, BroadcastPort = 7301;
    private static int _count;
    private readonly string _instance = string.Create(CultureInfo.InvariantCulture, $"gt{Environment.ProcessId % 100000}{(char)('a' + Interlocked.Increment(ref _count) % 26)}");
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-gate").FullName;
    private readonly List<FloodGuest> _guests = [];
    private readonly FloodImage _image;
    private readonly Guest _third;
    private readonly UdpCounter _counter;
    private readonly Broadcaster _broadcaster;

    public GateHost()
    {
        Host("up");
        _image = FloodImage.Make(_folder);
        _third = new Guest(NetNamespace.Of(Namespace), _instance[^4..], 99, "third");
        _counter = new(_third, FloodPort);
        _broadcaster = new(_third, BroadcastPort);
        Product = new($"/run/netns/{Namespace}", _instance, 11000 + Environment.ProcessId % 10000, $"qemu+unix:///system?socket={Run}/libvirt-sock");
    }

    public Product Product { get; }

    private string Namespace => "merlon-" + _instance;

    private string Run => $"/run/{Namespace}/libvirt";

    public string Hooks => $"{Run}/etc/hooks";

    /// <summary>Has libvirtd ask before each start; it looks for hooks anew.</summary>
    public void InstallHook()
    {
        Shell.Run(Repository.Bin("merlon-agent"), "install-hook", "--instance", _instance, "--hooks", Hooks, "--object", Repository.Object).Ok();
        ReloadLibvirtd();
    }

    public void RemoveHook()
    {
        Shell.Run(Repository.Bin("merlon-agent"), "remove-hook", "--hooks", Hooks).Ok();
        ReloadLibvirtd();
    }

    public FloodGuest Define(string name) => Make(name, "define");

    /// <summary>Starts a VM of which nobody has heard before.</summary>
    public FloodGuest Create(string name) => Make(name, "create");

    /// <summary>A VM's definition, metadata included.</summary>
    public string XmlOf(FloodGuest guest) => Virsh("dumpxml", "--inactive", guest.Name).Ok();

    /// <summary>Defines a VM as another host had it.</summary>
    public void DefineAs(string xml) => Virsh("define", Written(xml)).Ok();

    /// <summary>Policy that the other host's manager signed counts here.</summary>
    public void Trust(GateHost other)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Product.Paths.Etc, "trust")).FullName;
        File.Copy(Path.Combine(other.Product.Paths.Pki, "policy.pub"), Path.Combine(folder, "other.pub"));
    }

    /// <summary>It counts no more.</summary>
    public void Distrust() => File.Delete(Path.Combine(Product.Paths.Etc, "trust", "other.pub"));

    private FloodGuest Make(string name, string verb)
    {
        var guest = new FloodGuest(name, _guests.Count + 1, _folder);
        _guests.Add(guest);
        Virsh(verb, Written(guest.Xml(_image, _third))).Ok();
        return guest;
    }

    private string Written(string xml)
    {
        var file = Path.Combine(_folder, "domain.xml");
        File.WriteAllText(file, xml);
        return file;
    }

    public ShellResult Virsh(params string[] args) => Shell.Run("nsenter", [$"--net=/run/netns/{Namespace}", "virsh", "-q", "-c", $"qemu+unix:///system?socket={Run}/libvirt-sock", .. args]);

    /// <summary>Starts a VM and returns how long virsh took.</summary>
    public TimeSpan Start(FloodGuest guest)
    {
        var clock = Stopwatch.StartNew();
        Virsh("start", guest.Name).Ok();
        return clock.Elapsed;
    }

    /// <summary>Ends a VM; its interface is gone when this returns.</summary>
    public void End(FloodGuest guest)
    {
        Virsh("destroy", guest.Name).Ok();
        guest.Forget();
        Thread.Sleep(300); // what arrived is counted
        _counter.Forget(n => n >> 32 == guest.Number);
    }

    /// <summary>Waits until each of them has flooded for a while.</summary>
    public static void Flooded(TimeSpan limit, params IEnumerable<FloodGuest> guests)
    {
        foreach (var guest in guests) Hosts.Product.Until($"{guest.Name} floods", limit, () => guest.Said()?.Sent > 500);
    }

    /// <summary>How many of a VM's datagrams arrived at the third port since it started last.</summary>
    public long GotOut(FloodGuest guest) => _counter.Seen().LongCount(n => n >> 32 == guest.Number);

    public JsonNode Status() => JsonNode.Parse(Product.Cli("status", "-o", "json").Ok())!["hosts"]![0]!["status"]!;

    /// <summary>Between two of its steps: within one it would hold the kernel's lock.</summary>
    public void StopAgent()
    {
        var path = Path.Combine(Product.Paths.Run, "kernel.lock");
        FileStream? turn = null;
        Hosts.Product.Until("the agent does nothing", TimeSpan.FromSeconds(10), () => (turn = HeldFile.TryTake(path)) is not null);
        using (turn) Signal(Product.Agent!.Id, Stop);
    }

    public void ContinueAgent() => Signal(Product.Agent!.Id, Continue);

    public void Dispose()
    {
        _broadcaster.Dispose();
        _counter.Dispose();
        _third.Dispose();
        Product.Dispose(); // in the namespace that the next line removes
        Host("down");
        Directory.Delete(_folder, recursive: true);
    }

    private void Host(string verb) => Shell.Run(Path.Combine(Repository.Root, "lab", "host.sh"), verb, Namespace).Ok();

    // It answers again when it has looked.
    private void ReloadLibvirtd()
    {
        Signal(int.Parse(File.ReadAllText($"{Run}/libvirtd.pid"), CultureInfo.InvariantCulture), HangUp);
        Thread.Sleep(500);
        Virsh("uri").Ok();
    }

    private static void Signal(int process, int signal)
    {
        if (kill(process, signal) != 0) throw new InvalidOperationException(Marshal.GetLastPInvokeErrorMessage());
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int signal);
}
