using System.Globalization;
using System.Text.Json;

namespace Merlon.Agent.Sync;

/// <summary>The book and the last-known-good policy in Var. The policy file is written first, the book names it: whatever
/// the book names is whole.</summary>
internal sealed class BookStore(string folder)
{
    private string BookPath => Path.Combine(folder, "state.json");

    public HostBook Load()
    {
        if (!File.Exists(BookPath)) return HostBook.Empty;
        try
        {
            var book = JsonSerializer.Deserialize(File.ReadAllBytes(BookPath), BookJson.Default.HostBook);
            if (book is
                {
                    Version: HostBook.CurrentVersion, Nics.IsDefault: false, Retired.IsDefault: false, Cursors: not null,
                    Segments: not null, Budgets: not null, Rules: not null, Owners: not null
                }) return book;
        }
        catch (JsonException)
        {
        }
        throw new AgentFault("state-unreadable", $"{BookPath} is damaged or of another version",
            "move the file away; the agent then starts from the numbers it finds in the kernel and waits for the controller's policy");
    }

    public void Save(HostBook book) =>
        DurableFile.Write(BookPath, JsonSerializer.SerializeToUtf8Bytes(book, BookJson.Default.HostBook));

    /// <summary>Stores a policy and returns the name under which the book refers to it.</summary>
    public string SavePolicy(ulong sequence, ReadOnlySpan<byte> message)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"policy-{sequence}.bin");
        DurableFile.Write(Path.Combine(folder, name), message);
        return name;
    }

    public byte[]? ReadPolicy(HostBook book)
    {
        if (book.PolicyFile is null) return null;
        var path = Path.Combine(folder, Path.GetFileName(book.PolicyFile));
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    /// <summary>Removes policies that no book names any more.</summary>
    public void RemoveOthers(HostBook book)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "policy-*.bin*"))
            if (Path.GetFileName(path) != book.PolicyFile) File.Delete(path);
    }
}
