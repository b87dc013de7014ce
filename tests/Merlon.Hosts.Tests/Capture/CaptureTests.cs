using System.Text.Json;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Capture;

/// <summary>merlon capture with a real agent and a dead controller, read by tshark.</summary>
public sealed class CaptureTests
{
    private const int Open = 7400, Shut = 7401;

    [Fact]
    public async Task A_capture_tells_verdict_and_reason_of_each_frame_and_opens_in_tshark()
    {
        using var host = new TestHost();
        var (a, b) = (host.AddGuest("a"), host.AddGuest("b"));
        host.Start();
        host.Product.Apply(Manifests.Frame + "---\n" + Manifests.Open($"udp/{Open}"));
        host.Product.Attach(a, "shop");
        host.Product.Attach(b, "shop");
        Product.Kill9(host.Product.Controller);
        // A port that nobody holds would be answered by an error, which quotes it.
        using var listener = b.Udp(Open);
        var file = Path.Combine(Path.GetTempPath(), $"{host.Product.Paths.Instance}.pcapng");
        try
        {
            var capture = Task.Run(() => host.Product.Cli("capture", "a", "-w", file, "--seconds", "6", "-o", "json"));
            Product.Until("the capture to begin", TimeSpan.FromSeconds(10), () => File.Exists(file) && new FileInfo(file).Length > 0);
            Assert.Equal(5, host.Product.Cli("capture", "b", "-w", file + ".b", "--seconds", "1").Code);
            UdpSender.Burst(a, b, Open, 20);
            UdpSender.Burst(a, b, Shut, 10);
            UdpSender.Burst(b, a, Shut, 10);
            var said = JsonDocument.Parse((await capture).Ok()).RootElement;
            Assert.Equal(0, said.GetProperty("lost").GetInt64());
            var lines = Shell.Run("tshark", "-r", file, "-Y", $"(udp.dstport == {Open} || udp.dstport == {Shut}) && !icmp", "-T", "fields", "-e", "frame.interface_name", "-e", "frame.comment", "-e", "udp.dstport")
                .Ok().Split('\n', StringSplitOptions.RemoveEmptyEntries).GroupBy(l => l).ToDictionary(g => g.Key, g => g.Count());
            // b's refused datagrams never came as far as a's hooks.
            Assert.Equal(3, lines.Count);
            Assert.Equal(1, lines[$"a/0\tfrom_vm allow rule shop/open/open@1\t{Open}"]);
            Assert.Equal(19, lines[$"a/0\tfrom_vm allow connection\t{Open}"]);
            Assert.Equal(10, lines[$"a/0\tfrom_vm deny default default\t{Shut}"]);
            Assert.True(said.GetProperty("packets").GetInt64() >= 30);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Equal(3, host.Product.Cli("capture", "nobody", "-w", file, "--seconds", "1").Code);
            // It has ended: the next one may begin, and ends by itself after its frames.
            var second = Task.Run(() => host.Product.Cli("capture", "b", "-w", file, "--count", "5", "--snap", "60"));
            Product.Until("the capture to end", TimeSpan.FromSeconds(20), () =>
            {
                UdpSender.Burst(a, b, Open, 1);
                return second.IsCompleted;
            });
            Assert.StartsWith("5 frames of b, 0 lost", (await second).Ok(), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
            File.Delete(file + ".b");
        }
    }
}
