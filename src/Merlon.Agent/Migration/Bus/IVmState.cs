namespace Merlon.Agent.Migration.Bus;

/// <summary>What one VM takes along in QEMU's migration stream. Neither side may fail the migration.</summary>
internal interface IVmState
{
    /// <summary>QEMU finds the state by it at the destination: the VM's UUID.</summary>
    string Id { get; }

    /// <summary>At the source, the VM stands still.</summary>
    Task<byte[]> SaveAsync(CancellationToken stop);

    /// <summary>At the destination, before the VM runs. Bytes that nobody has looked at.</summary>
    Task LoadAsync(byte[] state, CancellationToken stop);
}
