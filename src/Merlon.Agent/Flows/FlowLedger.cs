using System.IO.MemoryMappedFiles;
using Merlon.Contracts;

namespace Merlon.Agent.Flows;

/// <summary>How many of the kernel's events are accounted for (acked by the controller, or counted as lost), kept in a mapped
/// file: it survives a kill of the agent, so that the next one can say how many records the killed one took with it.</summary>
internal sealed class FlowLedger : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private ulong _base;
    private bool _open;

    /// <param name="path">In Run: the kernel's counters end with the boot, so must this.</param>
    public FlowLedger(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, null, sizeof(ulong));
        _view = _file.CreateViewAccessor(0, sizeof(ulong));
    }

    public static string PathIn(InstancePaths paths) => Path.Combine(paths.Run, "flows.count");

    /// <param name="taken">Events that earlier agents took out of the rings.</param>
    /// <returns>How many of them nobody accounted for.</returns>
    public ulong Open(ulong taken)
    {
        var accounted = _view.ReadUInt64(0);
        var missing = taken > accounted ? taken - accounted : 0;
        (_base, _open) = (taken, true);
        _view.Write(0, taken);
        return missing;
    }

    /// <param name="own">Acked and lost since this agent started.</param>
    public void Settle(ulong own)
    {
        if (_open) _view.Write(0, _base + own);
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
