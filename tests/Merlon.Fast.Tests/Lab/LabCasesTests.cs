using Merlon.Fast.Tests.Cli;
using Merlon.Fast.Tests.Policy;
using Xunit;

namespace Merlon.Fast.Tests.Lab;

public sealed class LabCasesTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("image")]
    public async Task What_the_lab_expects_is_what_its_policies_say(string engine)
    {
        string At(string path) => Path.Combine(CaseFolder.Root, "lab", path);
        var said = await CommandLine.Run("test", "-f", At("policies"), "-i", At("inventory.yaml"), At("cases.yaml"), "--engine", engine);
        Assert.Equal(0, said.Code);
        Assert.EndsWith(" 0 failed", said.Error.Trim(), StringComparison.Ordinal);
    }
}
