using Merlon.Policy.Text;

namespace Merlon.Controller.Rules;

/// <summary>How a change is to be committed.</summary>
/// <param name="Note">For the revision log.</param>
/// <param name="ConfirmWithin">Seconds.</param>
/// <param name="Forced">It goes back to what was in force: tests, and limits that the present VMs break, do not keep it from that.</param>
/// <param name="Untested">An emergency: no test keeps it back.</param>
/// <param name="Connections">For live connections that it forbids; null = they are cut.</param>
/// <param name="Found">What the parser said.</param>
/// <param name="Unprotect">Protected policies that it may touch, as TENANT/NAME.</param>
internal sealed record CommitTerms(string By, string? Note = null, int? ConfirmWithin = null, bool DryRun = false, bool Forced = false, bool Untested = false, IReadOnlyList<Diagnostic>? Found = null,
    ConnectionTerms? Connections = null, IReadOnlyList<string>? Unprotect = null);
