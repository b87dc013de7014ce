using System.Collections.Immutable;
using Merlon.Policy.Cases;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;

namespace Merlon.Policy.Explain;

/// <summary>Turns names into questions: <c>vm/x</c> (or a bare VM name or UUID), <c>group/x</c>, an address, <c>any</c>.</summary>
public static class Explainer
{
    /// <summary>Packets looked at for one question; the worst of them is told.</summary>
    private const int MaxPackets = 20_000;

    public static Explanation Explain(PolicySet policy, VmInventory inventory, string from, string to, string service, int? sourcePort, long at)
    {
        var row = new CaseRow(Name(inventory, from), Name(inventory, to), service, Verdict.None, sourcePort, at, null, null, default);
        var packets = new CaseExpansion(policy, inventory).Expand(row, out var problem);
        if (problem is not null) return new(problem, null, null, []);
        (FlowQuestion Question, PlainAnswer Answer)? worst = null;
        var count = 0;
        foreach (var packet in packets.Take(MaxPackets))
        {
            count++;
            var answer = PlainEvaluator.Evaluate(policy, inventory, packet);
            if (worst is null || Rank(answer.Verdict) > Rank(worst.Value.Answer.Verdict)) worst = (packet, answer);
        }
        var (question, told) = worst!.Value;
        return new(null, question, told, [.. Assumptions(question, count, sourcePort), .. Adoptions(policy, inventory, told)]);
    }

    // What is judged here is what opens a connection.
    private static IEnumerable<string> Adoptions(PolicySet policy, VmInventory inventory, PlainAnswer answer) =>
        from hop in answer.Hops
        let guard = PlainEvaluator.GuardOf(policy, inventory.Find(hop.Nic))
        where guard is { Adopt: > 0 }
        select $"it opens a connection; for {guard.Adopt}s after a running {hop.Vm} was first guarded (Guard {guard.Name}, adopt) one that runs passes by the same rules";

    private static string Name(VmInventory inventory, string text) => inventory.Named(text, null).Any() ? "vm/" + text : text;

    private static int Rank(Verdict verdict) => verdict switch
    {
        Verdict.Deny => 4,
        Verdict.Reject => 3,
        Verdict.WouldAllow => 2,
        Verdict.WouldDeny => 1,
        _ => 0,
    };

    private static ImmutableArray<string> Assumptions(FlowQuestion question, int count, int? sourcePort)
    {
        var all = ImmutableArray.CreateBuilder<string>();
        if (count > 1) all.Add($"{question}, the first with the worst verdict of the {count} packets that this means and the policy tells apart");
        if (count >= MaxPackets) all.Add($"only the first {MaxPackets} packets were looked at");
        if (sourcePort is null && Protocols.HasPorts(question.Protocol)) all.Add($"source port {question.SourcePort}");
        return all.ToImmutable();
    }
}
