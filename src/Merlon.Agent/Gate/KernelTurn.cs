using Merlon.Contracts;

namespace Merlon.Agent.Gate;

/// <summary>Whose turn it is to change this host's kernel: the agent's for one step of its mailbox, or a hook's for one start. An flock
/// that the kernel lets go of when its holder dies, however it dies. Who holds it waits for nobody.</summary>
internal static class KernelTurn
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(2);

    /// <summary>Null when it was not free in time.</summary>
    public static IDisposable? Take(InstancePaths paths, TimeSpan patience)
    {
        Directory.CreateDirectory(paths.Run);
        var path = Path.Combine(paths.Run, "kernel.lock");
        for (var until = DateTime.UtcNow + patience; ;)
        {
            if (HeldFile.TryTake(path) is { } taken) return taken;
            if (DateTime.UtcNow >= until) return null;
            Thread.Sleep(Look);
        }
    }

    /// <summary>Waits as long as it takes: a hook has its own end.</summary>
    public static IDisposable Wait(InstancePaths paths) => Take(paths, TimeSpan.FromDays(1)) ?? throw new TimeoutException("a hook has held the kernel's lock for a day");
}
