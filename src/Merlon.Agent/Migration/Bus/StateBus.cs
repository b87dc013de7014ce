namespace Merlon.Agent.Migration.Bus;

/// <summary>A bus with one service on it, the state of one VM (QEMU's docs/interop/dbus-vmstate.rst): answers QEMU's calls, and knows no more of D-Bus
/// than those. Nobody can own a name on it or reach anybody else.</summary>
internal sealed class StateBus(IVmState state)
{
    private const string Bus = "org.freedesktop.DBus", Properties = "org.freedesktop.DBus.Properties", Interface = "org.qemu.VMState1", Path = "/org/qemu/VMState1";
    private const string Owner = ":1.1", Caller = ":1.2";
    private const uint AlreadyRunning = 2;
    private uint _serial;

    /// <summary>Null when none is wanted.</summary>
    public async Task<DBusMessage?> AnswerAsync(DBusMessage message, CancellationToken stop)
    {
        if (message.Type != DBusMessageType.Call) return null;
        var answer = message.Destination == Bus ? OfBus(message) : await OfStateAsync(message, stop);
        return message.WantsReply ? answer with { Serial = ++_serial, ReplySerial = message.Serial, Destination = Caller, Sender = message.Destination == Bus ? Bus : Owner } : null;
    }

    private static DBusMessage OfBus(DBusMessage message) => message.Member switch
    {
        "Hello" => Text(Caller),
        "ListQueuedOwners" when Argument(message) == Interface => Return("as", w => w.Array(4, names => names.String(Owner))),
        "GetNameOwner" when Argument(message) is Interface or Owner => Text(Owner),
        "ListQueuedOwners" or "GetNameOwner" => Error("NameHasNoOwner", "nobody has that name here"),
        "StartServiceByName" when Argument(message) is Interface or Owner => Return("u", w => w.UInt32(AlreadyRunning)),
        "AddMatch" or "RemoveMatch" => Return("", _ => { }), // there are no signals
        "RequestName" => Error("AccessDenied", "nobody can have a name here"),
        _ => Error("UnknownMethod", "this bus does not do that"),
    };

    private async Task<DBusMessage> OfStateAsync(DBusMessage message, CancellationToken stop)
    {
        if (message.Destination is not (Interface or Owner)) return Error("ServiceUnknown", "there is nobody of that name here");
        if (message.Path != Path) return Error("UnknownObject", "there is no such object");
        switch (message.Interface, message.Member)
        {
            case (Properties, "GetAll"):
                return Return("a{sv}", w => w.Array(8, all => all.Align(8).String("Id").Variant(state.Id)));
            case (Properties, "Get"):
                return Return("v", w => w.Variant(state.Id));
            case (Interface or "", "Save"):
                var saved = await state.SaveAsync(stop);
                return Return("ay", w => w.Bytes(saved));
            case (Interface or "", "Load"):
                if (message.Signature != "ay") return Error("InvalidArgs", "the state is an array of bytes");
                await state.LoadAsync(new DBusReader(message.Body).Bytes(), stop);
                return Return("", _ => { });
            default:
                return Error("UnknownMethod", "the state of a VM does not do that");
        }
    }

    private static string Argument(DBusMessage message) => message.Signature.StartsWith('s') ? new DBusReader(message.Body).String() : "";

    private static DBusMessage Text(string text) => Return("s", w => w.String(text));

    private static DBusMessage Return(string signature, Action<DBusWriter> body)
    {
        var writer = new DBusWriter();
        body(writer);
        return new(DBusMessageType.Return, 0) { WantsReply = false, Signature = signature, Body = writer.ToArray() };
    }

    private static DBusMessage Error(string name, string why) => Text(why) with { Type = DBusMessageType.Error, Error = $"{Bus}.Error.{name}" };
}
