using Merlon.Fast.Tests.Policy;

namespace Merlon.Fast.Tests.Cli;

/// <summary>Stored outputs, in Cli/Expected.</summary>
internal static class Golden
{
    public static void Expect(string name, string actual) => CaseFolder.Expect($"tests/Merlon.Fast.Tests/Cli/Expected/{name}.txt", actual);
}
