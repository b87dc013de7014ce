using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>Compiles the policies of one host one after the other. Where only members that this host does not guard came or went, a few words of
/// the last image are written anew: such an image judges as one from scratch does, with the same ruleset digests, though its classes may have
/// other numbers. Everything else is compiled.</summary>
public sealed class HostCompiler
{
    private Compilation? _last;

    /// <param name="at">Unix seconds; as with <see cref="ImageCompiler.Compile"/>.</param>
    public CompileResult Compile(HostPolicy policy, long at)
    {
        if (_last?.Follow(policy, at) is { } image) return new(image, []);
        _last = null;
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
