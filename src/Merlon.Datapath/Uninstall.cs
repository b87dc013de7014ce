using Merlon.Datapath.Attach;

namespace Merlon.Datapath;

/// <summary>Takes an instance out of the kernel without its BPF object, whatever version made the pins: detaches every
/// interface, removes every pin. Live connections and counters end.</summary>
public static class Uninstall
{
    public static void Remove(string bpffsFolder)
    {
        var pins = new PinFolder(bpffsFolder);
        if (Directory.Exists(pins.Links))
            foreach (var file in Directory.GetFiles(pins.Links))
                if (PinName.Parse(Path.GetFileName(file)) is { } pin) Detach(pin, file);
        pins.Clear();
    }

    internal static void Detach(PinName pin, string path)
    {
        if (pin.Kind == AttachKind.Tcx) TcxHook.Detach(path);
        else ClsactHook.Detach(pin.Ifindex, pin.Hook, path);
    }
}
