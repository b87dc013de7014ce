using Merlon.Agent.Gate;
using Merlon.Agent.Migration.Connections;
using Merlon.Contracts;

namespace Merlon.Agent.Migration.Bus;

/// <summary>The agent, as the board asks it. One that does not answer fails nobody's move: the snapshot is empty and says so, and one that came is
/// offered again for a while.</summary>
internal sealed class BoardAgent(InstancePaths paths) : VmDoor.IAgent
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2), s_again = TimeSpan.FromSeconds(1), s_whole = TimeSpan.FromMinutes(1);
    private readonly AgentDoor _agent = new(paths, s_patience);

    public async Task<byte[]> SaveAsync(string vm) => await _agent.SaveAsync(vm)
        ?? new ConnectionSnapshot(Guid.Parse(vm), "", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), Answered: false, 0, []).Write();

    public async Task LoadAsync(string vm, byte[] snapshot)
    {
        if (snapshot.Length > ConnectionSnapshot.MostBytes || await _agent.LoadAsync(vm, snapshot)) return;
        // The VM need not wait for it.
        _ = AgainAsync(vm, snapshot);
    }

    private async Task AgainAsync(string vm, byte[] snapshot)
    {
        for (var until = DateTime.UtcNow + s_whole; DateTime.UtcNow < until;)
        {
            await Task.Delay(s_again);
            if (await _agent.LoadAsync(vm, snapshot)) return;
        }
    }
}
