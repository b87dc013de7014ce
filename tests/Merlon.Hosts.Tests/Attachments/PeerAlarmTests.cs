using System.Globalization;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.Attachments;

/// <summary>A libvirt daemon or a controller that dies is an alarm that says which, and ends when it is back.</summary>
public class PeerAlarmTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    [Fact]
    public void A_dead_libvirt_and_a_dead_controller_are_alarms_until_they_are_back()
    {
        using var libvirt = new LibvirtDaemon();
        using var host = new TestHost(libvirt.Uri);
        host.Start();
        using var watch = new AlarmWatch(host.Product);
        host.Product.WaitReady();
        Assert.Empty(watch.AtAgent());
        Assert.Empty(watch.AtController());

        libvirt.Kill();
        var (agent, controller) = watch.Await(x => x.Code == "libvirt-down", Limit);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"libvirt killed: alarm at the agent after {agent:f1} s, in merlon status after {controller:f1} s"));
        Assert.InRange(agent, 0, 5);
        Assert.InRange(controller, 0, 5);

        Product.Kill9(host.Product.Controller);
        var reason = $"nothing listens on unix:{host.Product.Paths.ControllerSocket}";
        Product.Until("controller-down", Limit, () => watch.AtAgent().Any(x => x.Code == "controller-down" && x.Message.EndsWith(reason, StringComparison.Ordinal)));
        libvirt.Start();
        host.Product.StartController();
        Product.Until("both end", TimeSpan.FromSeconds(25), () => watch.AtAgent().Count == 0);
    }

    /// <summary>The lab's libvirt daemon, without any VM.</summary>
    private sealed class LibvirtDaemon : IDisposable
    {
        private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"merlon-al{Environment.ProcessId}");

        public LibvirtDaemon() => Start();

        public string Uri => $"qemu+unix:///system?socket=/run/{_name}/libvirt/libvirt-sock";

        public void Start() => Script("up");

        public void Kill() => Shell.Run("kill", "-9", File.ReadAllText($"/run/{_name}/libvirt/libvirtd.pid").Trim()).Ok();

        public void Dispose() => Script("down");

        private void Script(string verb) => Shell.Run(Path.Combine(Repository.Root, "lab", "host.sh"), verb, _name).Ok();
    }
}
