namespace Merlon.Datapath.Abi;

/// <summary>Flags of the control record: <c>CONTROL_*</c>.</summary>
[Flags]
public enum ControlFlags : uint
{
    None = 0,
    /// <summary>Tests only: each hook judges by the newest generation.</summary>
    NoHandoff = 1,
    /// <summary>The host's switch: every packet takes the bridge.</summary>
    NoShortCut = 2,
}
