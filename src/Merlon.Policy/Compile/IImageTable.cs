namespace Merlon.Policy.Compile;

/// <summary>A table that records point to. It is written once, where it stands in the image: memory that is touched for the first time costs
/// more than all that is done with it.</summary>
internal interface IImageTable
{
    int Words { get; }

    /// <summary>Adds the words as integers of 32 bits, in order: equal words, equal hash, whatever kind of table they are.</summary>
    void Hash(ref HashCode hash);

    /// <summary>All of its words, which may hold anything before.</summary>
    void Write(Span<ulong> words);
}
