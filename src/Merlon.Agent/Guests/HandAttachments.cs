using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Merlon.Agent.Sync;
using Merlon.Contracts.Api;
using Merlon.Policy.Model;

namespace Merlon.Agent.Guests;

/// <summary>The interfaces that people told the agent to guard; kept on disk until detached by hand.</summary>
internal sealed class HandAttachments(string folder, string instance)
{
    private readonly string _path = Path.Combine(folder, "attached.json");
    private ImmutableArray<HandAttachment> _saved = [];

    public ImmutableArray<HandAttachment> All { get; private set; } = [];

    public void Load()
    {
        if (!File.Exists(_path)) return;
        try
        {
            All = _saved = [.. JsonSerializer.Deserialize(File.ReadAllBytes(_path), BookJson.Default.HandAttachmentArray) ?? []];
        }
        catch (JsonException)
        {
            throw new AgentFault("state-unreadable", $"{_path} is damaged", "move the file away and attach the interfaces again");
        }
    }

    /// <summary>Keeps on disk what <see cref="Add"/> and <see cref="Remove"/> changed.</summary>
    public void Save()
    {
        if (All == _saved) return;
        DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes([.. All], BookJson.Default.HandAttachmentArray));
        _saved = All;
    }

    /// <summary>Adds an attachment, or finds the equal one; throws <see cref="RequestRefused"/> when the request contradicts
    /// what is known.</summary>
    /// <param name="bridge">The interface's master, null = none.</param>
    public HandAttachment Add(AttachRequest request, string? bridge, IEnumerable<Guest> domains)
    {
        var vm = Check(request);
        if (domains.Any(d => d.Name == vm)) throw new RequestRefused("name-taken", $"{vm} is a VM of libvirt", "give another --vm");
        var known = All.FirstOrDefault(a => a.Ifname == request.Ifname);
        if (known is not null && known.Vm != vm)
            throw new RequestRefused("already-attached", $"{request.Ifname} is attached as {known.Vm}", "detach it first");
        var siblings = All.Where(a => a.Vm == vm && a.Ifname != request.Ifname).ToList();
        var index = known?.Index ?? Enumerable.Range(0, siblings.Count + 1).First(i => siblings.All(s => s.Index != i));
        var attachment = new HandAttachment(request.Ifname, vm, Uuid(vm), index, request.Tenant ?? "",
            (request.Labels ?? ImmutableSortedDictionary<string, string>.Empty).ToImmutableSortedDictionary(StringComparer.Ordinal),
            request.Mac!.ToLowerInvariant(), [.. Addresses(request)], request.Network ?? bridge ?? request.Ifname);
        if (siblings.Any(s => s.Tenant != attachment.Tenant || !s.Labels.SequenceEqual(attachment.Labels)))
            throw new RequestRefused("vm-differs", $"{vm} is attached with another tenant or other labels", "repeat those, or detach its other interfaces first");
        All = [.. All.Where(a => a.Ifname != request.Ifname), attachment];
        return attachment;
    }

    public HandAttachment Remove(string ifname)
    {
        var found = All.FirstOrDefault(a => a.Ifname == ifname)
            ?? throw new RequestRefused("not-attached", $"{ifname} is not attached by hand", "see merlon get nic");
        All = [.. All.Where(a => a != found)];
        return found;
    }

    public static IReadOnlyList<Guest> Guests(IEnumerable<HandAttachment> attachments) =>
    [
        .. attachments.GroupBy(a => a.VmUuid).Select(vm => new Guest(vm.Key, vm.First().Vm, vm.First().Tenant, vm.First().Labels,
            Running: true, ByHand: true,
            [.. vm.OrderBy(a => a.Index).Select(a => new GuestNic(a.Index, a.Mac, a.Network, a.Ifname, a.Addresses, null))])),
    ];

    /// <summary>The same VM name of the same instance is the same VM, on whatever interface it comes back.</summary>
    public string Uuid(string vm)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"merlon/attach/{instance}/{vm}")).AsSpan(0, 16);
        hash[6] = (byte)(hash[6] & 0x0f | 0x80); // RFC 9562 5.8: version 8, a UUID of one's own making
        hash[8] = (byte)(hash[8] & 0x3f | 0x80);
        return new Guid(hash, bigEndian: true).ToString("D");
    }

    private static string Check(AttachRequest request)
    {
        if (string.IsNullOrEmpty(request.Ifname) || request.Ifname.Length > 15)
            throw new RequestRefused("bad-request", $"'{request.Ifname}' is not an interface name", "name an interface of this host");
        if (string.IsNullOrEmpty(request.Vm) || request.Vm.Length > 253 || request.Vm.Any(char.IsControl))
            throw new RequestRefused("bad-request", "the VM has no usable name", "give --vm NAME");
        if (!MacAddress.TryParse(request.Mac, out _))
            throw new RequestRefused("bad-request", $"'{request.Mac}' is not a MAC address", "give the guest's own with --mac");
        return request.Vm;
    }

    private static IEnumerable<string> Addresses(AttachRequest request) => (request.Addresses ?? []).Select(text =>
        Address.TryParse(text, out var address) ? address.ToString()
            : throw new RequestRefused("bad-request", $"'{text}' is not an IP address", "give plain addresses, without a prefix length"));
}
