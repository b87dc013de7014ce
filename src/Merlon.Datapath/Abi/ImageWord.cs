namespace Merlon.Datapath.Abi;

/// <summary>Header words of an image: <c>image_word</c>.</summary>
public enum ImageWord
{
    Magic = 0, Size = 1, Nics = 2, Rulesets = 3, Root4 = 4, Node4 = 5, Hash6 = 6, Lengths6 = 7, Planes = 8,
    Chunks = 9, Kinds = 10, Combos = 11, Classes = 12, Rules = 13, Bind = 14, RuleIds = 15, Generation = 16, Seed6 = 17,
}
