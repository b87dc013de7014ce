using Merlon.Agent.Guests;
using Merlon.Contracts.Api;
using Microsoft.AspNetCore.Http.Features;

namespace Merlon.Agent.Gate;

/// <summary>The agent's side of the hook: one question for each start of a VM. Nobody here waits for libvirt.</summary>
internal sealed class GateDoor(HostKeeper keeper, HookProof proof)
{
    // Below the hook's own patience, so that it does not give up meanwhile.
    private static readonly TimeSpan ControllerPatience = TimeSpan.FromSeconds(1.2);

    public async Task Serve(HttpContext http)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = HookCall.MostBytes;
        using var reader = new StreamReader(http.Request.Body);
        var xml = await reader.ReadToEndAsync(http.RequestAborted);
        var came = Environment.TickCount64;
        Guest? met = null;
        try
        {
            var (guest, inside) = DomainGuests.Starting(xml);
            met = guest;
            var known = await keeper.Box.Ask(() =>
            {
                http.RequestAborted.ThrowIfCancellationRequested();
                return keeper.Meet(guest, came);
            });
            await Task.WhenAny(known, Task.Delay(ControllerPatience, http.RequestAborted));
            var answer = await keeper.Box.Ask(() =>
            {
                // The hook has given up and done it by itself: the guest may run by now.
                http.RequestAborted.ThrowIfCancellationRequested();
                return keeper.Pass(guest, inside);
            });
            await http.Response.WriteAsJsonAsync(answer, ApiJson.Default.GateAnswer);
        }
        catch (FormatException e)
        {
            throw new RequestRefused("bad-request", $"the body is no domain: {e.Message}", "it is for libvirt's hook");
        }
        finally
        {
            if (met is not null) keeper.Box.Post(() => keeper.Leave(met));
        }
    }

    public Task Prove(HttpContext http)
    {
        if (!proof.Answer((string)http.Request.RouteValues["nonce"]!)) http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
