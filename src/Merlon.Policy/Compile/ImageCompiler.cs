using Merlon.Policy.Resolve;

namespace Merlon.Policy.Compile;

/// <summary>HostPolicy to the words of datapath/abi.h. Pure to the byte.</summary>
public static class ImageCompiler
{
    /// <param name="atUnixSeconds">Rules not active at this instant are left out; compile again at <see cref="HostPolicy.NextChange"/>.</param>
    public static CompileResult Compile(HostPolicy policy, long atUnixSeconds) => new HostCompiler().Compile(policy, atUnixSeconds);
}
