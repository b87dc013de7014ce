using System.Collections.Immutable;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;

namespace Merlon.Controller.Rules;

/// <summary>Ruleset digest by vNIC, as the agent will read it back: another once a rule's time begins or ends, or a trial is over.</summary>
/// <param name="image">Of <paramref name="policy"/>, compiled for <paramref name="at"/> (Unix seconds).</param>
internal sealed class NicDigests(HostPolicy policy, HostImage image, long at)
{
    private readonly Lock _one = new();
    private Span _last = new(at, policy.NextChange(at), ByNic(image));

    /// <summary>Null = over a limit at that instant: the host keeps what it has.</summary>
    public ImmutableDictionary<NicKey, string>? At(long instant)
    {
        // The policy was laid out for no time before.
        instant = Math.Max(instant, at);
        lock (_one)
        {
            if (instant < _last.From || instant >= _last.Until)
                _last = new(instant, policy.NextChange(instant), ImageCompiler.Compile(policy.At(instant), instant).Image is { } made ? ByNic(made) : null);
            return _last.Digests;
        }
    }

    private static ImmutableDictionary<NicKey, string> ByNic(HostImage image) => image.Nics.ToImmutableDictionary(n => n.Key, n => n.RulesetDigest);

    private sealed record Span(long From, long? Until, ImmutableDictionary<NicKey, string>? Digests);
}
