using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Grpc.Core;
using Merlon.Agent.Link;
using Merlon.Contracts.Api;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Controller;
using Merlon.Fast.Tests.Architecture;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>Who is let in, and what lies on disk for whom.</summary>
public class AccessTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer ")]
    [InlineData("Bearer wrong")]
    [InlineData("Basic dG9rZW46dG9rZW4=")]
    public async Task Without_the_token_every_path_but_health_says_401(string? header)
    {
        await using var controller = await RunningController.Start();
        using var stranger = RunningController.ClientOf(controller.Access.Url, null, controller.Access.CaFile);
        using var api = JsonDocument.Parse(Tree.Read("docs/openapi/merlon.json"));
        var calls = api.RootElement.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(m => (Path: p.Name, Method: m.Name))).ToList();
        Assert.True(calls.Count > 10);
        foreach (var (path, method) in calls.Append((Path: "/v1/nothing", Method: "get")))
        {
            using var request = new HttpRequestMessage(new HttpMethod(method.ToUpperInvariant()), path.Replace('{', 'x').Replace('}', 'x'));
            if (header is not null) request.Headers.TryAddWithoutValidation("Authorization", header);
            using var answer = await stranger.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
            Assert.Equal(path == "/health" ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, answer.StatusCode);
            if (path != "/health") Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
        }
    }

    [Fact]
    public async Task What_it_keeps_only_its_owner_reads()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard);
        var paths = controller.Paths;
        foreach (var file in new[] { paths.ApiFile, paths.StateFile, paths.StateFile + "-wal", paths.FlowFile, paths.FlowFile + "-wal", paths.Socket })
            Assert.Equal((file, OwnerOnly), (file, File.GetUnixFileMode(file)));
        foreach (var place in new[] { paths.Var, paths.Run, paths.Pki })
            Assert.Equal((place, OwnerOnly | UnixFileMode.UserExecute), (place, File.GetUnixFileMode(place)));
    }

    [Fact]
    public async Task The_token_stays_and_a_damaged_file_makes_a_new_one()
    {
        await using var controller = await RunningController.Start();
        var token = controller.Access.Token;
        Assert.Equal(64, token.Length);
        File.SetUnixFileMode(controller.Paths.ApiFile, OwnerOnly | UnixFileMode.OtherRead);
        await controller.Restart();
        Assert.Equal(token, controller.Access.Token);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(controller.Paths.ApiFile));
        await controller.Close();
        await File.WriteAllTextAsync(controller.Paths.ApiFile, """{"url": "https://127.0.0.1:1", "token": "short"}""", Cancel);
        await controller.Restart();
        Assert.Equal(64, controller.Access.Token.Length);
        Assert.NotEqual(token, controller.Access.Token);
        Assert.NotNull(await controller.Status());
    }

    [Fact]
    public async Task A_second_controller_and_an_address_of_another_machine_are_one_line_each()
    {
        await using var controller = await RunningController.Start();
        var second = await Assert.ThrowsAsync<StartException>(() => ControllerProcess.Start(controller.Paths, IPAddress.Loopback, 0));
        Assert.Contains("another merlon-controller of this instance is running", second.Message, StringComparison.Ordinal);
        await controller.Close();
        var foreign = await Assert.ThrowsAsync<StartException>(() => ControllerProcess.Start(controller.Paths, IPAddress.Parse("192.0.2.1"), 0));
        Assert.StartsWith("cannot listen on 192.0.2.1:0: ", foreign.Message, StringComparison.Ordinal);
        await controller.Restart(); // what failed holds nothing
    }

    [Fact]
    public async Task The_agents_door_opens_to_an_agent_of_this_host_only()
    {
        await using var controller = await RunningController.Start();
        await using var elsewhere = await RunningController.Start();
        using var own = HostPki.EnsureAt(controller.Paths.Pki);
        using var others = HostPki.EnsureAt(elsewhere.Paths.Pki);
        var noCertificate = own.ClientOptions(PkiRole.Agent, PkiRole.Controller);
        noCertificate.ClientCertificates = null;
        var otherCertificate = own.ClientOptions(PkiRole.Agent, PkiRole.Controller);
        otherCertificate.ClientCertificates = [others.Certificate(PkiRole.Agent)];
        var itsOwnCertificate = own.ClientOptions(PkiRole.Controller, PkiRole.Controller);
        foreach (var tls in new[] { noCertificate, otherCertificate, itsOwnCertificate })
        {
            using var channel = ControllerAddress.Open("unix:" + controller.Paths.Socket, tls);
            using var call = new Link.LinkClient(channel).Session(cancellationToken: Cancel);
            // The door may shut while the greeting is on its way: what the writer sees of that is the
            // socket's affair (a broken pipe); the answer is what the reader gets.
            var greeting = call.RequestStream.WriteAsync(new() { Hello = new() { Host = "h", HostUuid = Sample.HostA } }, Cancel);
            await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancel));
            await Record.ExceptionAsync(() => greeting);
        }
        Assert.Empty((await controller.Status()).Hosts);
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        Assert.True((await controller.Host(Sample.HostA)).Connected);
    }
}
