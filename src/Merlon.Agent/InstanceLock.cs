using Merlon.Contracts;

namespace Merlon.Agent;

/// <summary>One daemon per instance: an flock that the kernel lets go of when the process dies, however it dies.</summary>
internal sealed class InstanceLock : IDisposable
{
    private readonly FileStream _file;

    private InstanceLock(FileStream file) => _file = file;

    public static InstanceLock Take(InstancePaths paths)
    {
        // A hook that asks whether there is an agent holds it for that moment.
        for (var attempt = 0; attempt < 10; attempt++)
        {
            if (TryTake(paths) is { } taken) return taken;
            Thread.Sleep(20);
        }
        throw new AgentFault("already-running", $"another merlon-agent of this instance is running ({FileOf(paths)} is held)",
            "stop that agent, or give this one a name of its own with --instance");
    }

    /// <summary>There is an agent, whether it answers or not.</summary>
    public static bool IsHeld(InstancePaths paths)
    {
        using var taken = TryTake(paths);
        return taken is null;
    }

    public void Dispose() => _file.Dispose();

    private static InstanceLock? TryTake(InstancePaths paths)
    {
        Directory.CreateDirectory(paths.Run);
        return HeldFile.TryTake(FileOf(paths)) is { } file ? new(file) : null;
    }

    private static string FileOf(InstancePaths paths) => Path.Combine(paths.Run, "agent.lock");
}
