using Merlon.Datapath.Attach;

namespace Merlon.Datapath;

/// <summary>Takes an instance out of the kernel without its BPF object, whatever version made the pins: detaches every
/// interface, removes every pin. Live connections and counters end.</summary>
public static class Uninstall
{
    /// <returns>How many interfaces were detached; null when the instance was not in the kernel.</returns>
    public static int? Remove(string bpffsFolder)
    {
        if (!Directory.Exists(bpffsFolder)) return null;
        var pins = new PinFolder(bpffsFolder);
        var detached = new HashSet<int>();
        foreach (var file in Directory.Exists(pins.Links) ? Directory.GetFiles(pins.Links) : [])
            if (PinName.Parse(Path.GetFileName(file)) is { } pin)
            {
                Detach(pin, file);
                detached.Add(pin.Ifindex);
            }
        pins.Clear();
        return detached.Count;
    }

    internal static void Detach(PinName pin, string path)
    {
        if (pin.Kind == AttachKind.Tcx) TcxHook.Detach(path);
        else ClsactHook.Detach(pin.Ifindex, pin.Hook, path);
    }
}
