namespace Merlon.Policy.Model;

/// <summary>A document and the revision of its tenant that rule references show.</summary>
public sealed record StoredDocument(Document Document, long Revision);
