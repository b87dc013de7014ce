namespace Merlon.Contracts.Api;

/// <summary>A box of traffic that two revisions answer differently. Boxes of one difference have no packet in common.</summary>
/// <param name="Change">opened, closed, or changed (deny to reject, allow to would-deny, with a connection to without one).</param>
/// <param name="Families">ipv4, ipv6.</param>
/// <param name="Services">All of Names without Except, as in policy; <c>tcp/80 from 1024-2000</c> where a source port is asked for.</param>
public sealed record TrafficChangeRecord(
    string Change, string Realm, IReadOnlyList<string> Families, NamesRecord From, NamesRecord To, NamesRecord Services,
    DecisionRecord Before, DecisionRecord After, WitnessRecord Witness);

/// <summary>A set in the words of the policy language: all of Names together, without what is in Except. Beside its references there is
/// <c>outside</c>: every address that no VM owns. Groups are those of the later revision.</summary>
public sealed record NamesRecord(IReadOnlyList<string> Names, IReadOnlyList<string> Except);

/// <summary>What one revision says to a box, and every rule that says it; no rule = that end is not guarded, or only observed.</summary>
/// <param name="Untracked">It passes without a connection: the answering end may send anything from the service's port but a packet that opens.</param>
public sealed record DecisionRecord(string Verdict, IReadOnlyList<RulePlaceRecord> Rules, bool Untracked);

/// <summary>A rule and where it is written; default and builtin/NAME have no place.</summary>
public sealed record RulePlaceRecord(string Rule, string? File, int? Line);

/// <summary>One packet of a box.</summary>
/// <param name="Where">Who decides about the change: <c>out of web-1</c>, <c>into db-1</c>.</param>
public sealed record WitnessRecord(
    string From, string? FromVm, string To, string? ToVm, string Service, int? SourcePort, string Where, string? RuleBefore, string? RuleAfter);

/// <summary>Can one ever reach the other?</summary>
/// <param name="Never">Proved for every address, port and protocol asked for; else Witness passes.</param>
public sealed record ProveAnswer(string From, string To, string Service, bool Never, ExplainResult? Witness, IReadOnlyList<string> Assumptions);

/// <summary>Traffic that passes: every first packet from one of From to one of To with one of Services. Boxes of one answer are disjoint.</summary>
/// <param name="Rules">All that let some of it pass; none = nobody judges it.</param>
public sealed record AccessRecord(
    string Realm, IReadOnlyList<string> Families, NamesRecord From, NamesRecord To, NamesRecord Services, IReadOnlyList<RulePlaceRecord> Rules);

/// <summary>POST /v1/prove.</summary>
/// <param name="From">any, group/[TENANT/]NAME, vm/NAME-or-UUID, prefix or address.</param>
[System.Text.Json.Serialization.JsonUnmappedMemberHandling(System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow)]
public sealed record ProveRequest(string From, string To, string Service = "any");
