namespace Merlon.Datapath.Abi;

/// <summary>Flags of a connection: <c>CONN_*</c>.</summary>
[Flags]
public enum ConnFlags : byte
{
    None = 0, InitiatorB = 1, FinA = 2, FinB = 4, LogClose = 8, ScaleOk = 16, Promoted = 32, Revoked = 64,
    Liberal = 128,
}
