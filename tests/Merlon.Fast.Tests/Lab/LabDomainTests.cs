using Merlon.Cli.Commands.Lab;
using Merlon.Contracts;
using Merlon.Libvirt.Domains;
using Xunit;

namespace Merlon.Fast.Tests.Lab;

public class LabDomainTests
{
    private static readonly LabHost Host = new(InstancePaths.Parse("lab")!, 1);
    private static readonly LabGuest Guest = new("/k", "/i");

    [Fact]
    public void What_the_lab_writes_into_a_VM_is_what_the_agent_reads()
    {
        foreach (var vm in LabPlan.Vms)
        {
            var domain = DomainXml.Parse(LabDomain.Xml(vm, Guest, kvm: false));
            Assert.Equal((vm.Name, vm.Uuid, vm.Tenant), (domain.Name, domain.Uuid, domain.Metadata.Tenant));
            Assert.Null(domain.Metadata.Refused);
            var nic = Assert.Single(domain.Nics);
            Assert.Equal((vm.Mac, "br0", null), (nic.Mac, nic.Network, nic.CannotGuard));
            if (vm.Tenant is null) Assert.Empty(domain.Metadata.Nics);
            else Assert.Equal([vm.Ip4, vm.Ip6], Assert.Single(domain.Metadata.Nics).Addresses);
        }
    }

    [Fact]
    public void A_lab_lives_in_its_instances_folders()
    {
        var other = new LabHost(InstancePaths.Parse("two")!, 1);
        Assert.Equal(("merlon-lab", "/run/merlon-lab/libvirt/libvirt-sock"), (Host.Namespace, Host.Socket));
        Assert.Equal(("merlon-two", "/run/merlon-two/libvirt/libvirt-sock"), (other.Namespace, other.Socket));
    }
}
