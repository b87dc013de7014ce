using Merlon.Contracts;

namespace Merlon.Agent;

/// <summary>One daemon per instance: an flock that the kernel lets go of when the process dies, however it dies.</summary>
internal sealed class InstanceLock : IDisposable
{
    private const int Ewouldblock = 11;
    private readonly FileStream _file;

    private InstanceLock(FileStream file) => _file = file;

    public static InstanceLock Take(InstancePaths paths)
    {
        Directory.CreateDirectory(paths.Run);
        var path = Path.Combine(paths.Run, "agent.lock");
        try
        {
            return new(new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        // Any other IOException (disk full, read-only) is what it says.
        catch (IOException e) when (e.HResult == Ewouldblock)
        {
            throw new AgentFault("already-running", $"another merlon-agent of this instance is running ({path} is held)",
                "stop that agent, or give this one a name of its own with --instance");
        }
    }

    public void Dispose() => _file.Dispose();
}
