using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>Compiles the policies of one host one after the other. Where only members that this host does not guard came or went, a few words of
/// the last image are written anew: such an image judges as one from scratch does, with the same ruleset digests, though its classes may have
/// other numbers. Everything else is compiled.</summary>
public sealed class HostCompiler
{
    private Compilation? _last;

    /// <param name="policy">An address of a realm has one owner in it.</param>
    /// <param name="at">Unix seconds; as with <see cref="ImageCompiler.Compile"/>.</param>
    public CompileResult Compile(HostPolicy policy, long at)
    {
        // Kept only once it is whole: whatever throws, the next policy is compiled.
        var last = _last;
        _last = null;
        if (last?.Follow(policy, at) is { } image)
        {
            _last = last;
            return new(image, []);
        }
        try
        {
            _last = new(policy, at);
            return new(_last.Image, []);
        }
        catch (OverLimitException e)
        {
            return new(null, [e.Message], e.Rule);
        }
    }
}
