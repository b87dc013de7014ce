using System.Collections.Immutable;
using System.Text.Json;
using Merlon.Agent.Sync;

namespace Merlon.Agent.Guests;

/// <summary>The VMs that libvirt named last, for an agent that starts while libvirt does not answer.</summary>
internal sealed class GuestFile(string folder)
{
    private readonly string _path = Path.Combine(folder, "guests.json");
    private byte[] _written = [];

    /// <summary>First claims on addresses.</summary>
    public ImmutableDictionary<string, BookOwner> Owners { get; private set; } = ImmutableDictionary<string, BookOwner>.Empty;

    /// <summary>Null = never heard of any, or the file is damaged: then libvirt must speak first.</summary>
    public IReadOnlyList<Guest>? Load()
    {
        if (!File.Exists(_path)) return null;
        try
        {
            _written = File.ReadAllBytes(_path);
            var content = JsonSerializer.Deserialize(_written, BookJson.Default.GuestFileContent);
            Owners = content?.Owners ?? Owners;
            return content?.Guests;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Save(IReadOnlyList<Guest> guests, ImmutableDictionary<string, BookOwner> owners)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(new GuestFileContent([.. guests], owners), BookJson.Default.GuestFileContent);
        if (bytes.AsSpan().SequenceEqual(_written)) return;
        DurableFile.Write(_path, bytes);
        (_written, Owners) = (bytes, owners);
    }
}
