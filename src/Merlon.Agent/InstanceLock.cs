using Merlon.Contracts;

namespace Merlon.Agent;

/// <summary>One daemon per instance: an flock that the kernel lets go of when the process dies, however it dies.</summary>
internal sealed class InstanceLock : IDisposable
{
    private readonly FileStream _file;

    private InstanceLock(FileStream file) => _file = file;

    public static InstanceLock Take(InstancePaths paths)
    {
        Directory.CreateDirectory(paths.Run);
        var path = Path.Combine(paths.Run, "agent.lock");
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return new(file);
        }
        catch (IOException)
        {
            throw new AgentFault("already-running", $"another merlon-agent holds {path}",
                "stop that agent, or give this one a name of its own with --instance");
        }
    }

    public void Dispose() => _file.Dispose();
}
