namespace Merlon.Agent.Migration.Connections;

/// <summary>Flags of a connection in the stream. Sent: only grows.</summary>
[Flags]
internal enum CarriedFlags : byte
{
    None = 0,
    /// <summary>The VM opened it; else the other end did.</summary>
    Opened = 1,
    LocalFin = 2, RemoteFin = 4, LogClose = 8, ScaleOk = 16, Liberal = 32,
}
