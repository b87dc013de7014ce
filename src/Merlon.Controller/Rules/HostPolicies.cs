using System.Collections.Immutable;
using System.Text.Json;
using Google.Protobuf;
using Merlon.Contracts.Wire;
using Merlon.Controller.Store;

namespace Merlon.Controller.Rules;

/// <summary>The desired state of every host as it stands in the store, and the sequence that numbers it.</summary>
internal sealed record HostPolicies(ulong Sequence, ImmutableDictionary<string, HostPolicyMessage> Messages)
{
    /// <summary>A peer can push the sequence no further than one above it: what is left is enough for ever.</summary>
    public const ulong MaxSequence = 1UL << 62;

    public static string Key(string host) => Keys.HostPolicy + host;

    public static HostPolicies Load(IStateStore store)
    {
        var sequence = store.Get(Keys.Sequence) is { } value ? JsonSerializer.Deserialize(value.Value.Span, StateJson.Default.UInt64) : 0;
        var messages = store.List(Keys.HostPolicy).ToImmutableDictionary(
            v => v.Key[Keys.HostPolicy.Length..], v => HostPolicyMessage.Parser.ParseFrom(v.Value.Span));
        return new(sequence, messages);
    }

    /// <summary>The state after <paramref name="plans"/>: one new sequence for all hosts whose policy says something else now, or whose
    /// agent has met a higher number (<paramref name="met"/>) than the one it should have. Others keep theirs and are not disturbed.</summary>
    /// <param name="step">What becomes of live connections that it forbids, from whatever a host has now; null = they are cut.</param>
    public HostPolicies With(ImmutableDictionary<string, HostPlan> plans, IReadOnlyDictionary<string, ulong> met, StateBatch batch, ConnectionStepMessage? step = null)
    {
        var outdated = plans.Where(p => !p.Value.SaysTheSameAs(Messages.GetValueOrDefault(p.Key))
            || Messages[p.Key].Sequence < met.GetValueOrDefault(p.Key)).ToList();
        if (outdated.Count == 0) return this;
        var next = Math.Max(Sequence, outdated.Max(p => met.GetValueOrDefault(p.Key))) + 1;
        var messages = Messages.ToBuilder();
        foreach (var (host, plan) in outdated)
        {
            var message = plan.Message.Numbered(next);
            if (step is not null && Messages.GetValueOrDefault(host) is { } old) message.Connections = new(step) { From = old.Sequence };
            messages[host] = message;
            batch.Put(Key(host), message.ToByteArray());
        }
        batch.Put(Keys.Sequence, JsonSerializer.SerializeToUtf8Bytes(next, StateJson.Default.UInt64));
        return new(next, messages.ToImmutable());
    }
}
