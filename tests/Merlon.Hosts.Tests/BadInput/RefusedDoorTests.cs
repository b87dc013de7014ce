using System.Text.Json.Nodes;
using Merlon.Contracts.Api;
using Merlon.Hosts.Tests.Hosts;
using Xunit;

namespace Merlon.Hosts.Tests.BadInput;

/// <summary>Doors that do not open: wrong token, wrong CA, nobody there, files and sockets that this user may not read. One line
/// each, an exit code that says which, and nothing applied.</summary>
[Collection(GuardedPairCollection.Name)]
public sealed class RefusedDoorTests(GuardedPair pair) : IDisposable
{
    private const string Group = "apiVersion: merlon/v1\nkind: Group\nmetadata: {name: door, tenant: shop}\nspec: {select: {}}\n";
    private readonly string _manifest = pair.Product.WriteManifest(Group);

    [Fact]
    public void A_wrong_or_outdated_token_is_denied_and_the_right_one_works()
    {
        var access = Access();
        var before = pair.Standing();
        Denied("the controller refused the token", "api.json", With(access with { Token = new string('0', access.Token.Length) }));
        Denied("is not trusted", "is /etc/ssl/", With(access with { CaFile = Directory.GetFiles("/etc/ssl/certs").First(f => f.EndsWith(".pem", StringComparison.Ordinal)) }));
        Assert.Equal(before, pair.Standing());

        Product.Kill9(pair.Product.Controller);
        File.Delete(pair.Product.Paths.ApiFile);
        pair.Recover();
        Denied("the controller refused the token", "api.json", With(access));
        Assert.Equal(before, pair.Standing());
        Assert.Equal(0, With(Access()).Code); // the control
    }

    [Fact]
    public void Without_a_controller_the_agent_is_asked_and_nothing_changes()
    {
        var before = pair.InKernel();
        Product.Kill9(pair.Product.Controller);
        var apply = pair.Product.Cli("apply", "-f", _manifest);
        Assert.Equal((1, ""), (apply.Code, apply.Out));
        Assert.Matches("^error: the controller does not answer at https://127.0.0.1:\\d+; start merlon-controller, or see 'merlon doctor'\n$", apply.Error);

        var status = pair.Product.Cli("status");
        Assert.Equal(1, status.Code);
        Assert.StartsWith("NOT READY: ", status.Out, StringComparison.Ordinal);
        Assert.Contains("the controller is down; this is what the agent of this host says", status.Out, StringComparison.Ordinal);
        Assert.Contains("controller-down", status.Out, StringComparison.Ordinal);
        var host = JsonNode.Parse(pair.Product.Cli("status", "-o", "json").Out)!["hosts"]![0]!;
        Assert.Equal(2, (int)host["status"]!["attached"]!);
        Assert.Equal(before, pair.InKernel());
        pair.AssertOpenPassesAndShutDoesNot();
    }

    [Fact]
    public void Without_rights_it_says_whose_file_it_is()
    {
        var folder = Directory.CreateTempSubdirectory("merlon-test-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "p.yaml"), Group);
            Denied($"{folder.FullName} or something in it may not be read by this user", "sudo", AsNobody("check", folder.FullName));
            Denied($"{pair.Product.Paths.ApiFile} is for root only", "sudo", AsNobody("status"));
            Denied($"{pair.Product.Paths.AgentSocket} is for root only", "sudo", AsNobody("get", "nic"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Files_that_are_no_manifests_are_named()
    {
        var binary = pair.Product.WriteManifest("");
        File.WriteAllBytes(binary, [0xc3, 0x28]);
        Assert.Equal((1, $"error: {binary} is not UTF-8 text; name a manifest, or save it as UTF-8\n"), Said(pair.Product.Cli("apply", "-f", binary)));
        Assert.Equal((1, "error: /nowhere/p.yaml does not exist; name a file or a folder with manifests\n"), Said(pair.Product.Cli("apply", "-f", "/nowhere/p.yaml")));
        Assert.Equal((1, "error: no *.yaml under /proc/self/net; name a file or a folder with manifests\n"), Said(pair.Product.Cli("apply", "-f", "/proc/self/net")));

        static (int, string) Said(ShellResult r) => (r.Code, r.Error);
    }

    public void Dispose() => pair.Recover();

    private ApiAccess Access() =>
        System.Text.Json.JsonSerializer.Deserialize(File.ReadAllText(pair.Product.Paths.ApiFile), ApiJson.Default.ApiAccess)!;

    private ShellResult With(ApiAccess access) => Shell.Run("env", $"MERLON_API={access.Url}", $"MERLON_TOKEN={access.Token}",
        $"MERLON_CA={access.CaFile}", Repository.Bin("merlon"), "apply", "-f", _manifest);

    private ShellResult AsNobody(params string[] words) =>
        Shell.Run(BrokenMachine.Nobody[0], [.. BrokenMachine.Nobody[1..], Repository.Bin("merlon"), "--instance", pair.Product.Paths.Instance, .. words]);

    private static void Denied(string words, string mend, ShellResult said)
    {
        Assert.Equal((4, ""), (said.Code, said.Out));
        var line = Assert.Single(said.Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.Contains(words, line, StringComparison.Ordinal);
        Assert.Contains(mend, line, StringComparison.Ordinal);
    }
}
