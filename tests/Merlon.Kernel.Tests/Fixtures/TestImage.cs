using Merlon.Datapath.Abi;

namespace Merlon.Kernel.Tests.Fixtures;

/// <summary>Words with an image's first words and nothing of a policy behind them.</summary>
internal static class TestImage
{
    public static ulong[] Words(int body, ulong fill = 0)
    {
        var words = new ulong[AbiLimits.ImageHeaderWords + body];
        words[(int)ImageWord.Magic] = AbiLimits.ImageMagic | (ulong)AbiLimits.Version << 32;
        words[(int)ImageWord.Size] = (ulong)words.Length;
        words.AsSpan(AbiLimits.ImageHeaderWords).Fill(fill);
        return words;
    }
}
