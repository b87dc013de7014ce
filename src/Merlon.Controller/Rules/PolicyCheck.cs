using System.Collections.Immutable;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Controller.Inventory;
using Merlon.Policy.Analyze;
using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>Everything that can be wrong with a set of documents, found before anything is committed.</summary>
internal sealed class PolicyCheck(long atUnixSeconds)
{
    /// <summary>Compilations side by side: near the limits each takes hundreds of MiB.</summary>
    private const int MostAtOnce = 4;

    private readonly List<Diagnostic> diagnostics = [];

    public IReadOnlyList<Diagnostic> Diagnostics => diagnostics;

    public bool Ok => diagnostics.TrueForAll(d => d.Severity != Severity.Error);

    /// <summary>Builds the set; null when it has errors.</summary>
    public PolicySet? Build(PolicyDocuments documents)
    {
        var built = PolicySet.Build(documents.Stored, WithoutGuards.GuardNone);
        diagnostics.AddRange(built.Diagnostics);
        return built.Set;
    }

    /// <summary>Protected policies stay as they are unless the call names them.</summary>
    public void Protect(PolicySet before, PolicyChange change, IReadOnlyList<string> named) => diagnostics.AddRange(
        ProtectedPolicies.Refusals(before, change.Changed, r => change.Next.Entries.GetValueOrDefault(r)?.Document, named));

    /// <summary>Runs the tests that are kept beside the policy. A policy over a limit is not tested: it is refused for that.</summary>
    public void Test(Revision before, Revision after, PolicyChange change)
    {
        if (Ok) diagnostics.AddRange(StoredTests.Broken(before, after, change.Tenants.ToHashSet(), atUnixSeconds));
    }

    /// <summary>What every host would get. A host whose policy breaks a limit makes an error and has no plan.</summary>
    /// <param name="view">Where the VMs are, and what a trial falls back to.</param>
    public ImmutableDictionary<string, HostPlan> Resolve(PolicySet set, VmInventory inventory, IEnumerable<string> hosts, PolicyTrial? trial, InventoryView view)
    {
        var (resolver, fallback) = (new HostResolver(set, inventory, view, atUnixSeconds), trial is null ? null : new HostResolver(trial.Fallback, MetadataTrust.Of(trial.Fallback, view), view, atUnixSeconds));
        var resolved = hosts.Select(host => (Host: host, Policy: trial is null ? resolver.Of(host) : resolver.Of(host) with { Trial = new(trial.ConfirmBy, fallback!.Of(host)) })).ToList();
        var plans = ImmutableDictionary.CreateBuilder<string, HostPlan>();
        foreach (var (host, (plan, errors)) in resolved.AsParallel().AsOrdered().WithDegreeOfParallelism(Math.Min(Environment.ProcessorCount, MostAtOnce)).Select(r => (r.Host, Plan(set, r.Policy))))
        {
            diagnostics.AddRange(errors);
            if (plan is not null) plans[host] = plan;
        }
        diagnostics.AddRange(resolver.Diagnostics.Except(diagnostics));
        return plans.ToImmutable();
    }

    private (HostPlan? Plan, IEnumerable<Diagnostic> Errors) Plan(PolicySet set, HostPolicy policy)
    {
        var compiled = ImageCompiler.Compile(policy, atUnixSeconds);
        if (compiled.Image is not { } image) return (null, LimitErrors.Of(set, compiled));
        var message = HostPolicyMessages.ToMessage(policy);
        return message.CalculateSize() <= Limits.MessageBytes ? (new(policy, message, new(policy, image, atUnixSeconds), image.Stats), [])
            : (null, [new(Severity.Error, "limit", $"one host's policy is larger than {Limits.MessageBytes >> 20} MiB", "", 0, 0, LimitErrors.Smaller)]);
    }
}
