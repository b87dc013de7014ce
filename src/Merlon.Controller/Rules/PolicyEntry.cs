using Merlon.Policy.Model;

namespace Merlon.Controller.Rules;

/// <summary>One stored document, parsed.</summary>
/// <param name="Canonical">Two documents of equal canonical text say the same, whatever their comments and layout.</param>
internal sealed record PolicyEntry(Document Document, string Canonical, DocumentState State);
