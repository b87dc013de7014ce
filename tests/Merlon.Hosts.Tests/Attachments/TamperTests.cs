using System.Globalization;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Guarding;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Hosts.Tests.Traffic;
using Xunit;

namespace Merlon.Hosts.Tests.Attachments;

/// <summary>Somebody takes our program off an interface or puts another before it: an alarm within 5 s, and put right.</summary>
public class TamperTests
{
    private const int Allowed = 7001, Forbidden = 7791;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    // b's own side alone refuses, so that what reaches b passed no program of ours there.
    private const string Policy = """
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: tamper, tenant: shop}
        spec:
          tier: tenant
          rules:
          - {name: out, from: [vm/a], to: [any], services: [any], appliesTo: [vm/a], action: allow}
          - {name: in, from: [any], to: [vm/b], services: [udp/7001, udp/7790], appliesTo: [vm/b], action: allow}

        """;

    [Fact]
    public void A_detached_or_overtaken_program_is_an_alarm_within_five_seconds_and_is_put_right()
    {
        using var host = new TestHost();
        var (a, b) = (host.AddGuest("a"), host.AddGuest("b"));
        host.Start();
        host.Product.Apply(Manifests.Frame + "---\n" + Policy);
        host.Product.Attach(a, "shop");
        host.Product.Attach(b, "shop");
        host.Product.WaitReady();
        using var watch = new AlarmWatch(host.Product);
        using var leak = new Leak(a, b);

        // The control: nobody tampers.
        var quiet = watch.Await(x => x.Code == "not-guarding", Limit);
        Assert.Equal((-1.0, -1.0), quiet);
        Assert.Equal(0, leak.Count);

        foreach (var hook in new[] { "to_vm", "from_vm" })
        {
            var link = Directory.GetFiles(Path.Combine(host.Product.Paths.Bpf, "links"), $"{watch.Nic(b.Ifname).Ifindex}-*-{hook}").Single();
            Shell.Run("bpftool", "link", "detach", "pinned", link).Ok();
            See(watch, leak, b, $"detached {hook}", $"the program is not attached ({hook})");
        }
        using var foreign = new ForeignProgram(host.Host);
        using (foreign.AttachTcx(b.Ifname, egress: true, first: true))
        {
            See(watch, leak, b, "overtaken at to_vm", "another program sees packets before Merlon (to_vm)");
            Assert.Equal((20, 0), (Delivered(a, b, Allowed), Delivered(a, b, ForeignProgram.Refused)));
        }
        Assert.Equal(20, Delivered(a, b, ForeignProgram.Refused));
        Product.Until("the alarms end", TimeSpan.FromSeconds(20), () => watch.AtController().All(x => x.Code != "not-guarding"));
    }

    private static void See(AlarmWatch watch, Leak leak, Guest b, string what, string problem)
    {
        var before = leak.Count;
        var (agent, controller) = watch.Await(x => Names(x, b, problem), Limit);
        Product.Until("put right", Limit, () => watch.Nic(b.Ifname) is { Attached: true, First: true, Problem: null });
        Thread.Sleep(200);
        var mended = leak.Count;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: alarm at the agent after {agent:f1} s, in merlon status after {controller:f1} s; {mended - before} forbidden datagrams, one a millisecond, passed before it was put right"));
        Assert.InRange(agent, 0, 5);
        Assert.InRange(controller, 0, 5);
        Thread.Sleep(1500);
        Assert.Equal(mended, leak.Count);
    }

    private static bool Names(Alarm alarm, Guest guest, string problem) =>
        alarm.Code == "not-guarding" && alarm.Message == $"{guest.Ifname} of {guest.Name}: {problem}";

    private static int Delivered(Guest a, Guest b, int port)
    {
        using var counter = new UdpCounter(b, port);
        using var sender = new UdpSender(a, b.Ip4, port);
        for (var n = 0; n < 20; n++) sender.Send(n);
        for (var wait = 0; wait < 40 && counter.Seen().Count < 20; wait++) Thread.Sleep(25);
        return counter.Seen().Count;
    }

    /// <summary>A forbidden datagram from a to b every millisecond; counts what b gets.</summary>
    private sealed class Leak : IDisposable
    {
        private readonly UdpCounter _counter;
        private readonly UdpSender _sender;
        private readonly Thread _thread;
        private volatile bool _stop;

        public Leak(Guest a, Guest b)
        {
            _counter = new(b, Forbidden);
            _sender = new(a, b.Ip4, Forbidden);
            _thread = new(() =>
            {
                for (var n = 0; !_stop; n++)
                {
                    _sender.Send(n);
                    Thread.Sleep(1);
                }
            });
            _thread.Start();
        }

        public int Count => _counter.Seen().Count;

        public void Dispose()
        {
            _stop = true;
            _thread.Join();
            _sender.Dispose();
            _counter.Dispose();
        }
    }
}
