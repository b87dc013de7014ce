using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Merlon.Hosts.Tests.Hosts;

/// <summary>A network namespace of this test run. Sockets opened inside <see cref="Enter{T}"/> stay in it for life,
/// so that test code talks as a guest without a process of its own.</summary>
public sealed class NetNamespace : IDisposable
{
    private const int CloneNewNet = 0x40000000;

    private readonly bool _own = true;

    public NetNamespace(string name)
    {
        Name = name;
        Shell.Run("ip", "netns", "add", name).Ok();
        Ip("link", "set", "lo", "up");
    }

    private NetNamespace(string name, bool own) => (Name, _own) = (name, own);

    /// <summary>One that somebody else made and removes.</summary>
    public static NetNamespace Of(string name) => new(name, own: false);

    public string Name { get; }

    public string Path => "/run/netns/" + Name;

    /// <summary>Runs ip(8) inside.</summary>
    public string Ip(params string[] args) => Shell.Run("ip", ["-n", Name, .. args]).Ok();

    /// <summary>Runs a function on a thread of its own that has entered the namespace.</summary>
    public T Enter<T>(Func<T> inside) => Enter(Name, inside);

    /// <summary>The same, in a namespace of somebody else.</summary>
    public static T Enter<T>(string name, Func<T> inside)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle("/run/netns/" + name);
                if (setns(handle, CloneNewNet) != 0) throw new InvalidOperationException($"setns {name}: {Marshal.GetLastPInvokeErrorMessage()}");
                result = inside();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result : throw new InvalidOperationException($"in namespace {name}: {failure.Message}", failure);
    }

    /// <summary>Bridged frames do not pass iptables here (br_netfilter), whatever the machine does by default.</summary>
    public void BridgePastFilters()
    {
        foreach (var filter in new[] { "iptables", "ip6tables", "arptables" })
            Shell.Run("nsenter", $"--net={Path}", "sysctl", "-qw", $"net.bridge.bridge-nf-call-{filter}=0");
    }

    public void Dispose()
    {
        if (_own) Shell.Run("ip", "netns", "del", Name);
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int setns(SafeFileHandle fd, int kind);
}
