namespace Merlon.Libvirt.Native;

/// <summary>libvirt's default event implementation, run for the life of the process on one thread of its own.</summary>
internal static unsafe class LibvirtEventLoop
{
    private static readonly Lock Gate = new();
    private static bool _running;

    // libvirt wants its event implementation registered before the first connection and allows no second one.
    internal static void EnsureRunning()
    {
        lock (Gate)
        {
            if (_running)
                return;
            Start();
            _running = true;
        }
    }

    private static void Start()
    {
        try
        {
            if (LibvirtNative.virInitialize() < 0 || LibvirtNative.virEventRegisterDefaultImpl() < 0)
                throw LibvirtException.Last("initialise");
        }
        catch (DllNotFoundException)
        {
            throw LibvirtException.LibraryMissing();
        }

        // Without a handler libvirt prints every error to stderr; callers get them as exceptions.
        LibvirtNative.virSetErrorFunc(null, &Ignore);
        new Thread(Run) { IsBackground = true, Name = "libvirt events" }.Start();
    }

    private static void Run()
    {
        while (true)
        {
            if (LibvirtNative.virEventRunDefaultImpl() < 0)
                Thread.Sleep(100); // a failing poll must not become a busy loop
        }
    }

    [System.Runtime.InteropServices.UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void Ignore(void* userData, void* error)
    {
    }
}
