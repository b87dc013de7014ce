using System.Runtime.InteropServices;

namespace Merlon.Datapath.Native;

/// <summary>An epoll set with a bell of its own.</summary>
internal sealed unsafe class Poll : IDisposable
{
    private const int CloseOnExec = 0x80000, NonBlocking = 0x800, Add = 1;
    private const uint Readable = 1;
    private readonly BpfFd _epoll = new(Checked(Libc.EpollCreate(CloseOnExec)));
    private readonly BpfFd _bell = new(Checked(Libc.EventFd(0, CloseOnExec | NonBlocking)));

    public Poll() => Watch(_bell);

    public void Watch(BpfFd fd)
    {
        // struct epoll_event is packed on x86-64 only; the 64 bits of user data are not used.
        var interest = stackalloc uint[4] { Readable, 0, 0, 0 };
        // SAFETY: the kernel reads at most 16 bytes.
        Checked(Libc.EpollControl(_epoll, Add, fd, interest));
    }

    /// <summary>True when something is readable or the bell rang; false after the timeout or a signal.</summary>
    public bool Wait(TimeSpan timeout)
    {
        var events = stackalloc byte[16];
        // SAFETY: room for one event.
        var ready = Libc.EpollWait(_epoll, events, 1, (int)Math.Clamp(timeout.TotalMilliseconds, -1, int.MaxValue));
        if (ready < 0 && Marshal.GetLastPInvokeError() != Libc.Eintr) Checked(ready);
        ulong rung;
        if (ready > 0) _ = Libc.Read(_bell, &rung, sizeof(ulong));
        return ready > 0;
    }

    /// <summary>Ends a wait of another thread.</summary>
    public void Ring()
    {
        ulong one = 1;
        // SAFETY: eight bytes, as an eventfd takes them.
        _ = Libc.Write(_bell, &one, sizeof(ulong));
    }

    public void Dispose()
    {
        _epoll.Dispose();
        _bell.Dispose();
    }

    private static int Checked(int result) =>
        result >= 0 ? result : throw BpfError.Of("poll-failed", "setting up epoll", -Marshal.GetLastPInvokeError());
}
