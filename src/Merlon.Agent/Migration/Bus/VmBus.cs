namespace Merlon.Agent.Migration.Bus;

/// <summary>What QEMU's dbus-vmstate asks a bus (docs/interop/dbus-vmstate): who has a state of the VM, its Id, Save and Load; and what GDBus asks for itself.
/// The one at the other end can own no name and reach nobody else.</summary>
/// <param name="save">The VM's snapshot.</param>
/// <param name="load">Takes one in.</param>
internal sealed class VmBus(Func<Task<byte[]>> save, Func<byte[], Task> load)
{
    /// <summary>The bus itself.</summary>
    public const string Self = "org.freedesktop.DBus";

    /// <summary>In the VM's stream: the same everywhere, each VM has a bus of its own.</summary>
    public const string Id = "merlon";

    private const string State = "org.qemu.VMState1", Client = ":1.0", Keeper = ":1.1";

    public async Task<byte[]> AnswerAsync(BusCall call)
    {
        switch (call.Interface, call.Member, call.Signature)
        {
            case (State, "Save", ""):
                var saved = await save();
                return call.Answered("ay", w => w.Bytes(saved));
            case (State, "Load", "ay"):
                await load(new BusReader(call.Body).Bytes().ToArray());
                return call.Answered("");
            case ("org.freedesktop.DBus.Properties", _, _):
                return Property(call);
            case ("org.freedesktop.DBus.Peer", "Ping", _):
                return call.Answered("");
            case (Self, _, _):
                return OfTheBus(call);
            default:
                return Unknown(call);
        }
    }

    private static byte[] Property(BusCall call)
    {
        if ((call.Member, call.Signature) is not (("GetAll", "s") or ("Get", "ss"))) return Unknown(call);
        var reader = new BusReader(call.Body);
        var hasId = reader.Text() == State;
        if (call.Member == "GetAll")
            return call.Answered("a{sv}", w => w.Array(8, all =>
            {
                if (hasId) all.Text("Id").Signature("s").Text(Id);
            }));
        return hasId && reader.Text() == "Id" ? call.Answered("v", w => w.Signature("s").Text(Id)) : call.Refused("org.freedesktop.DBus.Error.UnknownProperty", "no such property");
    }

    private static byte[] OfTheBus(BusCall call)
    {
        switch (call.Member, call.Signature)
        {
            case ("Hello", ""):
                return call.Answered("s", w => w.Text(Client));
            case ("AddMatch" or "RemoveMatch", "s"):
                return call.Answered("");
            case ("GetId", ""):
                return call.Answered("s", w => w.Text(VmDoor.BusId));
            case ("ListNames", ""):
                return call.Answered("as", w => w.Array(4, names => names.Text(Self).Text(State).Text(Client).Text(Keeper)));
            case ("StartServiceByName", "su"):
                return call.Answered("u", w => w.U32(2)); // it runs already
            case ("GetNameOwner" or "NameHasOwner" or "ListQueuedOwners", "s"):
                return OfName(call, Owner(new BusReader(call.Body).Text()));
            default:
                return Unknown(call);
        }
    }

    private static string? Owner(string name) => name switch
    {
        Self => Self,
        State or Keeper => Keeper,
        Client => Client,
        _ => null,
    };

    private static byte[] OfName(BusCall call, string? owner) => (call.Member, owner) switch
    {
        ("NameHasOwner", _) => call.Answered("b", w => w.U32(owner is null ? 0U : 1)),
        (_, null) => call.Refused("org.freedesktop.DBus.Error.NameHasNoOwner", "nobody has this name"),
        ("ListQueuedOwners", _) => call.Answered("as", w => w.Array(4, names => names.Text(owner))),
        _ => call.Answered("s", w => w.Text(owner)),
    };

    private static byte[] Unknown(BusCall call) => call.Refused("org.freedesktop.DBus.Error.UnknownMethod", "this bus is for a VM's state and nothing else");
}
