using Merlon.Datapath.Maps;

namespace Merlon.Agent.Sync;

/// <summary>Names an image in the kernel: generations count from one again with each boot.</summary>
internal sealed record ImageStamp(string Boot, uint Generation)
{
    /// <summary>Of what is put into force next.</summary>
    public ImageStamp Next() => this with { Generation = ImageStore.Next(Generation) };
}
