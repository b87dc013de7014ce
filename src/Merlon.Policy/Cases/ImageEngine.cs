using Merlon.Policy.Compile;
using Merlon.Policy.Explain;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Policy.Cases;

/// <summary>Judges packets by the images of all hosts, as their kernels would: out at the source, in at the destination.</summary>
/// <param name="policyOf">A host's, at an instant (Unix seconds).</param>
/// <param name="compile">For a host; null = <see cref="ImageCompiler"/>.</param>
public sealed class ImageEngine(VmInventory inventory, Func<string, long, HostPolicy> policyOf, Func<string, HostPolicy, long, CompileResult>? compile = null)
{
    private readonly Dictionary<(string Host, long At), HostImage> _images = [];
    private readonly Dictionary<(string Host, long At, NicKey), (int Record, bool Trunk)> _records = [];

    public FlowVerdict Judge(FlowQuestion q) => Sides(q).Flow;

    public JudgedSides Sides(FlowQuestion q)
    {
        var parties = FlowParties.Of(inventory, q);
        var (source, destination) = (Place(parties.From, q.At), Place(parties.To, q.At));
        var near = parties.Near(source is { Trunk: true }, destination is { Trunk: true });
        var (asker, server) = Roles(source, destination, near, q);
        SideVerdict? output = source is { } s ? Side(s, Direction.Out, q, q.From.Address, q.To.Address, null, asker) : null;
        var known = source is not null && near;
        SideVerdict? input = destination is { } d
            ? Side(d, Direction.In, q, q.To.Address, q.From.Address, known ? Class(source!.Value, q.From.Address) : null, server) : null;
        return new(source?.Nic.Key, output, destination?.Nic.Key, input);
    }

    private static (UntrackedRole From, UntrackedRole To) Roles(Guarded? source, Guarded? destination, bool near, FlowQuestion q)
    {
        if (q.Protocol != Protocols.Tcp) return default;
        var from = source is { } s ? ImageSimulator.Role(s.Image, s.Record, q.SourcePort, q.DestinationPort) : UntrackedRole.None;
        var to = destination is { } d ? ImageSimulator.Role(d.Image, d.Record, q.DestinationPort, q.SourcePort) : UntrackedRole.None;
        return UntrackedRoles.Agreed(from, to, near && source is not null && destination is not null);
    }

    private static int Class(Guarded source, Address address) =>
        ImageSimulator.SourceClass(source.Image, source.Record, source.Realm, address, source.Nic.Nic.Addresses.Contains(address));

    private static SideVerdict? Side(Guarded at, Direction direction, FlowQuestion q, Address local, Address remote, int? remoteClass, UntrackedRole role)
    {
        var side = ImageSimulator.Judge(at.Image, new(at.Record, direction, at.Realm, local, at.Nic.Nic.Addresses.Contains(local), remote, remoteClass,
            q.Protocol, q.DestinationPort, q.SourcePort), role);
        return side is not null && BuiltinRules.Of(direction == Direction.In ? local : remote, q.Protocol, q.DestinationPort, q.SourcePort, direction) is { } builtin
            ? SideVerdict.Builtin(builtin) : side;
    }

    private Guarded? Place(VmNic? nic, long at)
    {
        if (nic is null) return null;
        var image = Image(nic.Vm.Host, at);
        return _records.TryGetValue((nic.Vm.Host, at, nic.Key), out var found)
            ? new Guarded(image, found.Record, image.Realms.IndexOf(nic.Nic.Realm), nic, found.Trunk) : null;
    }

    private HostImage Image(string host, long at)
    {
        if (_images.TryGetValue((host, at), out var image)) return image;
        var resolved = policyOf(host, at);
        var result = compile is null ? ImageCompiler.Compile(resolved, at) : compile(host, resolved, at);
        image = result.Image ?? throw new InvalidOperationException(string.Join("; ", result.Errors));
        _images.Add((host, at), image);
        var nics = resolved.Nics.ToDictionary(n => resolved.Endpoints[n.Endpoint].Key);
        for (var i = 0; i < image.Nics.Length; i++)
            _records.Add((host, at, image.Nics[i].Key), (i, nics[image.Nics[i].Key].Guard.Frames.IsTrunk));
        return image;
    }

    private readonly record struct Guarded(HostImage Image, int Record, int Realm, VmNic Nic, bool Trunk);
}
