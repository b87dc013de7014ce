using System.Threading.Channels;
using Merlon.Libvirt.Domains;
using Merlon.Libvirt.Events;
using Merlon.Libvirt.Metadata;
using Merlon.Libvirt.Native;

namespace Merlon.Libvirt;

/// <summary>
/// One connection to a libvirt daemon. Calls throw <see cref="LibvirtException"/>; after ConnectionClosed in
/// <see cref="Events"/> the caller disposes it and opens another.
/// </summary>
public sealed unsafe class LibvirtConnection : IDisposable
{
    private const int KeepAliveSeconds = 5;
    private const uint KeepAliveMisses = 3;
    private const int Element = 2, Executing = 1;
    private const uint Live = 1, Config = 2;

    private readonly DomainEventSource _events;
    private nint _handle;

    private LibvirtConnection(nint handle)
    {
        _handle = handle;
        (HostUuid, HostName) = ReadHost(handle);
        _events = new DomainEventSource(handle);
    }

    public string HostUuid { get; }

    public string HostName { get; }

    public ChannelReader<DomainEvent> Events => _events.Reader;

    public bool IsAlive => _handle != 0 && LibvirtNative.virConnectIsAlive(_handle) == 1;

    public static LibvirtConnection Open(string uri)
    {
        LibvirtEventLoop.EnsureRunning();
        var handle = LibvirtNative.virConnectOpen(uri);
        if (handle == 0)
            throw LibvirtException.Last($"connect to {uri}");
        try
        {
            // A local hypervisor driver (test:///) has no keepalive; remote ones do.
            _ = LibvirtNative.virConnectSetKeepAlive(handle, KeepAliveSeconds, KeepAliveMisses);
            return new LibvirtConnection(handle);
        }
        catch
        {
            _ = LibvirtNative.virConnectClose(handle);
            throw;
        }
    }

    /// <summary>Every VM that libvirt knows, running or only defined. A VM that vanishes meanwhile is left out.</summary>
    public IReadOnlyList<DomainInfo> ListDomains()
    {
        nint* domains;
        var count = LibvirtNative.virConnectListAllDomains(Handle, &domains, 0);
        if (count < 0)
            throw LibvirtException.Last("list the VMs");
        var result = new List<DomainInfo>(count);
        try
        {
            for (var i = 0; i < count; i++)
            {
                if (Read(domains[i]) is { } domain)
                    result.Add(domain);
            }
        }
        finally
        {
            for (var i = 0; i < count; i++)
                _ = LibvirtNative.virDomainFree(domains[i]);
            System.Runtime.InteropServices.NativeMemory.Free(domains);
        }

        return result;
    }

    /// <summary>One VM, or null if libvirt does not know it.</summary>
    public DomainInfo? FindDomain(string uuid)
    {
        var domain = LibvirtNative.virDomainLookupByUUIDString(Handle, uuid);
        if (domain == 0)
        {
            var error = LibvirtException.Last($"look up VM {uuid}");
            return error.IsNoDomain ? null : throw error;
        }

        try
        {
            return Read(domain);
        }
        finally
        {
            _ = LibvirtNative.virDomainFree(domain);
        }
    }

    /// <summary>Has libvirt try to start a VM of this name and UUID that can never run (<see cref="ProbeDomain"/>), so that it calls its hooks as for any
    /// start; returns how the start failed.</summary>
    public string TryStartProbe(string name, string uuid)
    {
        const uint StartPaused = 1, AutoDestroy = 2;
        var domain = LibvirtNative.virDomainCreateXML(Handle, ProbeDomain.Xml(name, uuid, File.Exists("/dev/kvm")), StartPaused | AutoDestroy);
        if (domain == 0)
            return LibvirtException.Last("start a probe").Detail;
        _ = LibvirtNative.virDomainDestroy(domain);
        _ = LibvirtNative.virDomainFree(domain);
        return "it started, which it cannot";
    }

    /// <summary>Puts a text into a VM's metadata as urn:merlon:policy:1, in the running VM and in its definition, whichever there are. A VM that is
    /// gone is no error.</summary>
    /// <param name="text">Without characters that XML must escape.</param>
    public void SetPolicyInside(string uuid, string text) => With(uuid, domain =>
    {
        var flags = (LibvirtNative.virDomainIsActive(domain) == 1 ? Live : 0) | (LibvirtNative.virDomainIsPersistent(domain) == 1 ? Config : 0);
        if (LibvirtNative.virDomainSetMetadata(domain, Element, $"<policy>{text}</policy>", "merlonpolicy", MetadataXml.PolicySpace, flags) < 0)
            throw LibvirtException.Last($"write the policy into VM {uuid}");
        return "";
    });

    /// <summary>Says in the metadata of a VM that runs that its QEMU has the object of <see cref="QemuBus"/>, or no longer. A VM that is gone is no error.</summary>
    public void SetCarried(string uuid, bool carried) => With(uuid, domain =>
    {
        // There is nothing to take out of a VM that has been started anew.
        if (LibvirtNative.virDomainSetMetadata(domain, Element, carried ? "<carried/>" : null, carried ? "merloncarried" : null, MetadataXml.CarriedSpace, Live) < 0 && carried)
            throw LibvirtException.Last($"mark VM {uuid}");
        return "";
    });

    /// <summary>A command of QEMU's monitor (QMP), and its answer as JSON, which may be an error. Null = the VM is gone.</summary>
    public string? Monitor(string uuid, string command) => With(uuid, domain =>
    {
        byte* answer;
        if (LibvirtQemuNative.virDomainQemuMonitorCommand(domain, command, &answer, 0) < 0)
            throw LibvirtException.Last($"speak to the monitor of VM {uuid}");
        return NativeText.Owned(answer);
    });

    /// <summary>The bridge behind a libvirt network, or null if there is no such network or it has no bridge.</summary>
    public string? BridgeOfNetwork(string network)
    {
        var handle = LibvirtNative.virNetworkLookupByName(Handle, network);
        if (handle == 0)
            return null;
        try
        {
            return NativeText.Owned(LibvirtNative.virNetworkGetBridgeName(handle));
        }
        finally
        {
            _ = LibvirtNative.virNetworkFree(handle);
        }
    }

    public void Dispose()
    {
        if (_handle == 0)
            return;
        _events.Dispose();
        _ = LibvirtNative.virConnectClose(_handle);
        _handle = 0;
    }

    private string? With(string uuid, Func<nint, string?> work)
    {
        var domain = LibvirtNative.virDomainLookupByUUIDString(Handle, uuid);
        if (domain == 0)
        {
            var error = LibvirtException.Last($"look up VM {uuid}");
            return error.IsNoDomain ? null : throw error;
        }

        try
        {
            return work(domain);
        }
        finally
        {
            _ = LibvirtNative.virDomainFree(domain);
        }
    }

    private nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    private static DomainInfo? Read(nint domain)
    {
        var xml = NativeText.Owned(LibvirtNative.virDomainGetXMLDesc(domain, 0));
        var active = xml is null ? -1 : LibvirtNative.virDomainIsActive(domain);
        if (xml is null || active < 0)
        {
            var error = LibvirtException.Last($"read VM {DomainHandle.NameOf(domain)}");
            return error.IsNoDomain ? null : throw error;
        }

        int state, reason;
        var executes = active == 1 && LibvirtNative.virDomainGetState(domain, &state, &reason, 0) == 0 && state == Executing;
        return DomainXml.Parse(xml) with { Running = active == 1, Executes = executes };
    }

    private static (string Uuid, string Name) ReadHost(nint handle)
    {
        var xml = NativeText.Owned(LibvirtNative.virConnectGetCapabilities(handle))
            ?? throw LibvirtException.Last("read the host's capabilities");
        var name = NativeText.Owned(LibvirtNative.virConnectGetHostname(handle))
            ?? throw LibvirtException.Last("read the host's name");
        return (CapabilitiesXml.HostUuid(xml), name);
    }
}
