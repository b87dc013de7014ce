using Merlon.Libvirt;
using Merlon.Libvirt.Domains;
using Merlon.Libvirt.Events;
using Xunit;

namespace Merlon.Hosts.Tests.Lab;

/// <summary>The binding against a real libvirtd with real VMs.</summary>
[Collection(LabCollection.Name)]
public sealed class LibvirtConnectionTests(LabHost lab)
{
    private const string PlainMac = "52:54:00:08:00:69";

    [Fact]
    public void All_VMs_are_listed_with_tap_tenant_labels_and_addresses()
    {
        using var connection = LibvirtConnection.Open(lab.Up().Uri);
        Assert.True(connection.IsAlive);
        Assert.True(Guid.TryParse(connection.HostUuid, out _));
        var web = connection.ListDomains().Single(d => d.Name == "web-1");
        Assert.True(web.Running);
        Assert.Equal("shop", web.Metadata.Tenant);
        Assert.Equal("web", web.Metadata.Labels["tier"]);
        Assert.Equal(["10.8.0.5", "fd00:8::5"], web.Metadata.Nics[0].Addresses);
        Assert.StartsWith("vnet", web.Nics[0].TargetDev, StringComparison.Ordinal);
        Assert.Equal(web.Uuid, connection.FindDomain(web.Uuid)!.Uuid);
        Assert.Null(connection.FindDomain("00000000-0000-4000-8000-000000000000"));
        Assert.Null(connection.BridgeOfNetwork("no-such-network"));
    }

    [Fact]
    public async Task Start_stop_hot_plug_and_metadata_arrive_as_events()
    {
        using var connection = LibvirtConnection.Open(lab.Up().Uri);
        lab.Virsh("attach-interface", "plain-1", "bridge", "br0", "--model", "virtio", "--mac", PlainMac, "--live");
        Assert.Equal("net1", (await Next(connection, DomainEventKind.DeviceAdded)).Detail);
        Assert.Equal(1, Nic(connection, PlainMac)!.Index);
        lab.Virsh("detach-interface", "plain-1", "bridge", "--mac", PlainMac, "--live");
        await Next(connection, DomainEventKind.DeviceRemoved);
        Assert.Null(Nic(connection, PlainMac));

        lab.Virsh("metadata", "plain-1", "urn:x-test", "--key", "x", "--set", "<a/>", "--live");
        Assert.Equal("urn:x-test", (await Next(connection, DomainEventKind.MetadataChanged)).Detail);

        lab.Virsh("destroy", "plain-1");
        Assert.Equal("plain-1", (await Next(connection, DomainEventKind.Stopped)).Name);
        Assert.False(connection.ListDomains().Single(d => d.Name == "plain-1").Running);
        lab.Virsh("start", "plain-1");
        await Next(connection, DomainEventKind.Started);
        Assert.True(lab.Probe("plain-1", "hello").GetProperty("ok").GetBoolean());
    }

    [Fact]
    public void A_policy_is_written_into_the_running_VM_and_its_definition_and_into_nobody_who_is_gone()
    {
        using var connection = LibvirtConnection.Open(lab.Up().Uri);
        var vm = connection.ListDomains().Single(d => d.Name == "plain-1");
        connection.SetPolicyInside(vm.Uuid, "QUJD");
        try
        {
            Assert.Equal("QUJD", connection.FindDomain(vm.Uuid)!.PolicyInside);
            Assert.Contains(">QUJD<", lab.Virsh("dumpxml", "--inactive", "plain-1"), StringComparison.Ordinal);
            connection.SetPolicyInside("00000000-0000-4000-8000-000000000000", "QUJD");
            Assert.Throws<LibvirtException>(() => connection.SetPolicyInside(vm.Uuid, "<not closed"));
        }
        finally
        {
            // Nobody signed it: with its next start the gate would let nothing pass at plain-1.
            lab.Virsh("metadata", "plain-1", "urn:merlon:policy:1", "--remove", "--live", "--config");
        }
    }

    [Fact]
    public void A_libvirt_that_does_not_run_is_an_error_with_its_mend()
    {
        var error = Assert.Throws<LibvirtException>(() => LibvirtConnection.Open("qemu+unix:///system?socket=/nonexistent/libvirt-sock"));
        Assert.Contains("libvirtd running", error.Mend, StringComparison.Ordinal);
        Assert.NotEqual(0, error.Code);
    }

    private static DomainNic? Nic(LibvirtConnection connection, string mac) =>
        connection.ListDomains().Single(d => d.Name == "plain-1").Nics.SingleOrDefault(n => n.Mac == mac);

    private static async Task<DomainEvent> Next(LibvirtConnection connection, DomainEventKind kind)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var next = await connection.Events.ReadAsync(limit.Token);
            if (next.Kind == kind) return next;
        }
    }
}
