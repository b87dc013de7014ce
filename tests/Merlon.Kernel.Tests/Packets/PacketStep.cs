using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>One step of a row: a frame with what must become of it, or time that passes.</summary>
/// <param name="From">VM whose tap the frame leaves, null: none (it comes from outside).</param>
/// <param name="Into">VM whose tap the frame enters, null: none.</param>
/// <param name="IsError">An ICMP error: where it passes and nothing counts it, it passed as <c>related</c>.</param>
/// <param name="Expected">Null in a beginning: allowed, for whatever reason.</param>
internal sealed record PacketStep(string Text, Position At, byte[] Frame, string? From, string? Into, bool IsError, Fate? Expected)
{
    /// <summary>Time that passes instead; the frame is empty.</summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>With <see cref="Wait"/>: until the timer has taken away what expired and given its budget back.</summary>
    public bool Sweep { get; init; }

    /// <summary>Another world's policy comes into force instead; the frame is empty.</summary>
    public string? Policy { get; init; }

    /// <summary>This VM's vNIC leaves the host instead; the frame is empty.</summary>
    public string? Leaver { get; init; }
}
