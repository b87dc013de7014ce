using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Kernel.Tests.Packets;

/// <summary>What became of a packet: <c>allow reply</c>, <c>deny fragment</c>, <c>would-deny spoofed-mac</c>.</summary>
/// <param name="Hook">Where it was dropped; null in a text: at either.</param>
internal sealed record Fate(Verdict Verdict, Reason Reason, string? Hook = null)
{
    private static readonly Verdict[] s_verdicts = [Verdict.Allow, Verdict.Deny, Verdict.WouldDeny];

    public static Fate Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is < 2 or > 3) throw new FormatException($"'{text}' is not VERDICT REASON [HOOK]");
        var verdict = s_verdicts.FirstOrDefault(v => v.Text() == words[0]);
        var reason = Enum.GetValues<Reason>().FirstOrDefault(r => r.Text() == words[1]);
        if (verdict == Verdict.None) throw new FormatException($"'{words[0]}' is not allow, deny or would-deny");
        if (reason == Reason.None) throw new FormatException($"'{words[1]}' is no reason (docs/packet-path.md lists them)");
        if (words.Length == 3 && (words[2] is not ("from_vm" or "to_vm") || verdict != Verdict.Deny))
            throw new FormatException($"'{words[2]}': a hook is from_vm or to_vm, and only a deny has one");
        return new(verdict, reason, words.ElementAtOrDefault(2));
    }

    public bool Is(Fate actual) => Verdict == actual.Verdict && Reason == actual.Reason && (Hook is null || Hook == actual.Hook);

    public override string ToString() => string.Join(' ', ((string?[])[Verdict.Text(), Reason.Text(), Hook]).OfType<string>());
}
