using Merlon.Contracts.Api;
using Merlon.Controller.Rules;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Merlon.Controller.Api;

internal static class PolicyEndpoints
{
    // One token, one author, until there are accounts.
    private const string Author = "token";

    public static void Register(WebApplication app)
    {
        app.MapGet("/v1/policies", (PolicyView view) => TypedResults.Ok(view.Policies())).WithSummary("Applied policies").WithTags("policy");
        app.MapGet("/v1/rules", (PolicyView view) => TypedResults.Ok(view.Rules())).WithSummary("Rules in the order they judge, with their hits").WithTags("policy");
        app.MapGet("/v1/rules/observed", Observed).WithSummary("Allow rules that let more pass than was seen in the last days").WithTags("policy")
            .Produces<ObservedRulesResult>().Produces<ApiError>(StatusCodes.Status400BadRequest);
        app.MapGet("/v1/documents", (PolicyView view) => TypedResults.Ok(view.Documents())).WithSummary("Stored documents, as written").WithTags("policy");
        app.MapGet("/v1/revisions", (PolicyView view) => TypedResults.Ok(view.Revisions())).WithSummary("Committed revisions, oldest first").WithTags("policy");
        app.MapPost("/v1/apply", Apply).WithSummary("Commit documents, all of them or none; 422 says what is wrong with them").WithTags("policy")
            .Produces<ApplyResult>().Produces<ApplyResult>(StatusCodes.Status422UnprocessableEntity).Produces<ApiError>(StatusCodes.Status400BadRequest)
            .Produces<ApiError>(StatusCodes.Status409Conflict);
        app.MapDelete("/v1/documents/{kind}/{tenant}/{name}", Delete).WithSummary("Remove one document; 422 when others need it, or it is protected and no query field unprotect names it").WithTags("policy")
            .Produces<ApplyResult>().Produces<ApplyResult>(StatusCodes.Status422UnprocessableEntity).Produces<ApiError>(StatusCodes.Status404NotFound)
            .Produces<ApiError>(StatusCodes.Status409Conflict);
        app.MapPost("/v1/confirm", Confirm).WithSummary("The change on trial stays for good").WithTags("policy")
            .Produces<ApplyResult>().Produces<ApiError>(StatusCodes.Status404NotFound).Produces<ApiError>(StatusCodes.Status409Conflict);
        app.MapPost("/v1/rollback", Rollback).WithSummary("End the change on trial, or go back to an older revision of a tenant as a new one").WithTags("policy")
            .Produces<ApplyResult>().Produces<ApplyResult>(StatusCodes.Status422UnprocessableEntity).Produces<ApiError>(StatusCodes.Status400BadRequest)
            .Produces<ApiError>(StatusCodes.Status404NotFound).Produces<ApiError>(StatusCodes.Status409Conflict);
        app.MapPost("/v1/isolate", Isolate).WithSummary("Cut a VM off by a policy of the emergency tier").WithTags("policy")
            .Produces<ApplyResult>().Produces<ApplyResult>(StatusCodes.Status422UnprocessableEntity).Produces<ApiError>(StatusCodes.Status400BadRequest)
            .Produces<ApiError>(StatusCodes.Status404NotFound).Produces<ApiError>(StatusCodes.Status409Conflict);
        app.MapDelete("/v1/isolate/{vm}", Lift).WithSummary("Lift the isolation of a VM").WithTags("policy")
            .Produces<ApplyResult>().Produces<ApplyResult>(StatusCodes.Status422UnprocessableEntity)
            .Produces<ApiError>(StatusCodes.Status404NotFound).Produces<ApiError>(StatusCodes.Status409Conflict);
        app.MapPost("/v1/plan", Plan).WithSummary("What an apply would do to the traffic, to live connections and to flows like those of the last days; nothing is committed").WithTags("policy")
            .Produces<PlanResult>().Produces<PlanResult>(StatusCodes.Status422UnprocessableEntity).Produces<ApiError>(StatusCodes.Status400BadRequest);
        app.MapGet("/v1/diff", Diff).WithSummary("Which traffic two revisions of a tenant answer differently; without after: the present one").WithTags("policy")
            .Produces<PlanResult>().Produces<ApiError>(StatusCodes.Status400BadRequest).Produces<ApiError>(StatusCodes.Status404NotFound);
        app.MapGet("/v1/access", Access).WithSummary("What from can reach, or who can reach to").WithTags("policy")
            .Produces<IReadOnlyList<AccessRecord>>().Produces<ApiError>(StatusCodes.Status400BadRequest);
        app.MapPost("/v1/prove", Prove).WithSummary("Can any of these ever reach any of those").WithTags("policy")
            .Produces<ProveAnswer>().Produces<ApiError>(StatusCodes.Status400BadRequest);
        app.MapPost("/v1/explain", Explain).WithSummary("Would this traffic pass, and which rule decides").WithTags("policy")
            .Produces<ExplainResult>().Produces<ApiError>(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> Apply(ApplyRequest request, Applier applier, CancellationToken cancel)
    {
        if (Refusal(request) is { } refusal) return refusal;
        if (request.ConfirmWithin is < 1 or > ApplyRequest.MostConfirmWithin)
            return Problem.BadRequest("confirm-within", $"confirmWithin is not between 1 and {ApplyRequest.MostConfirmWithin} seconds");
        var (connections, fault) = ConnectionTerms.Of(request);
        if (fault is not null) return Problem.BadRequest("connections", fault);
        return await Unless409(async () =>
        {
            var result = await applier.Apply(request, connections, Author, cancel);
            return Answer(result, result.Applied || request.DryRun && result.Diagnostics.All(d => d.Severity != "error"));
        });
    }

    private static Task<IResult> Confirm(Applier applier, CancellationToken cancel) => Unless409(async () =>
        await applier.Confirm(Author, cancel) is { } result ? TypedResults.Ok(result) : NothingOnTrial());

    private static Task<IResult> Rollback(RollbackRequest request, Applier applier, CancellationToken cancel) => Unless409(async () =>
    {
        if (request.Unprotect?.Any(n => n is null) == true) return Problem.BadRequest("unprotect", "unprotect holds null");
        if (request.Tenant is null != request.Revision is null) return Problem.BadRequest("incomplete", "tenant and revision go together");
        if (request is not { Tenant: { } tenant, Revision: { } revision })
            return await applier.EndTrial(Author, due: false, cancel) is { } ended ? Answer(ended, ended.Applied) : NothingOnTrial();
        return await applier.Rollback(tenant, revision, request.Unprotect, Author, cancel) is { } result ? Answer(result, result.Applied)
            : Problem.NotFound("no-such-revision", $"tenant {tenant} has no revision {revision}", "see 'merlon get revision'");
    });

    private static async Task<IResult> Isolate(IsolateRequest request, Applier applier, CancellationToken cancel)
    {
        if (request.Vm is null || request.Seconds is < 1 or > IsolateRequest.MostSeconds)
            return Problem.BadRequest("incomplete", $"vm must be given, and seconds be between 1 and {IsolateRequest.MostSeconds}, or not given");
        if (applier.State.Inventory.Find(request.Vm) is not { } place) return Problem.NotFound("no-such-vm", $"there is no VM '{request.Vm}'", "see 'merlon get vm'");
        return await Unless409(async () => await applier.Isolate(place, request.Seconds, Author, cancel) is { } result ? Answer(result, result.Applied)
            : Problem.With(StatusCodes.Status409Conflict, "not-guarded", $"no interface of {place.Vm.Name} is guarded and enforced: nothing would be cut", "guard it first; see 'merlon describe vm'"));
    }

    private static Task<IResult> Lift(string vm, Applier applier, CancellationToken cancel) => Unless409(async () =>
        await applier.Lift(applier.State.Inventory.Find(vm)?.Vm.Uuid ?? vm, Author, cancel) is { } result ? Answer(result, result.Applied)
            : Problem.NotFound("not-isolated", $"'{vm}' is not isolated", "see 'merlon get policy'"));

    private static JsonHttpResult<ApiError> NothingOnTrial() =>
        Problem.NotFound("nothing-on-trial", "no change waits for a confirmation", "name what to go back to: merlon rollback TENANT@REVISION");

    private static async Task<IResult> Unless409(Func<Task<IResult>> work)
    {
        try
        {
            return await work();
        }
        catch (BaseMovedException e)
        {
            return Problem.With(StatusCodes.Status409Conflict, "base-moved", e.Message, "plan again, look at the difference, and apply that");
        }
        catch (TrialException e)
        {
            return Problem.With(StatusCodes.Status409Conflict, e.Code, e.Message, e.Mend);
        }
    }

    private static JsonHttpResult<ApiError>? Refusal(ApplyRequest request)
    {
        if (request.Files is not { Count: > 0 } files || files.Any(f => f?.Path is null || f.Text is null))
            return Problem.BadRequest("no-files", "files is missing or empty", "send {\"files\": [{\"path\": ..., \"text\": ...}]}");
        if (request.Unprotect?.Any(n => n is null) == true) return Problem.BadRequest("unprotect", "unprotect holds null");
        return files.GroupBy(f => f.Path).FirstOrDefault(g => g.Count() > 1) is { } twice
            ? Problem.BadRequest("path-twice", $"the path '{twice.Key}' is there twice") : null;
    }

    private static async Task<IResult> Plan(ApplyRequest request, int? days, Plans plans, CancellationToken cancel)
    {
        if (Refusal(request) is { } refusal) return refusal;
        if (days is < 1 or > PlannedFlows.MostDays) return Problem.BadRequest("days", $"days is not between 1 and {PlannedFlows.MostDays}");
        var (result, error) = await plans.Of(request, days ?? PlannedFlows.DefaultDays, cancel);
        if (error is not null) return Problem.BadRequest("too-large", error, Plans.TooLarge);
        return result!.Diagnostics.All(d => d.Severity != "error") ? TypedResults.Ok(result) : TypedResults.UnprocessableEntity(result);
    }

    private static async Task<IResult> Observed(int? days, Observations observations, CancellationToken cancel) => days is < 1 or > PlannedFlows.MostDays
        ? Problem.BadRequest("days", $"days is not between 1 and {PlannedFlows.MostDays}")
        : TypedResults.Ok(await observations.Of(days ?? PlannedFlows.DefaultDays, cancel));

    private static IResult Diff(string tenant, long before, long? after, Plans plans)
    {
        var (result, code, error) = plans.Between(tenant, before, after);
        return result is not null ? TypedResults.Ok(result) : code == "no-such-revision" ? Problem.NotFound(code, error!, "see 'merlon get revision'")
            : Problem.BadRequest(code!, error!, code == "too-large" ? Plans.TooLarge : null);
    }

    private static IResult Access(string? from, string? to, PolicyView view, TimeProvider clock)
    {
        if ((from is null) == (to is null)) return Problem.BadRequest("incomplete", "one of from and to must be given");
        var (boxes, problem) = view.Access(from ?? to!, from is null ? Policy.Model.Direction.In : Policy.Model.Direction.Out, clock.GetUtcNow());
        return problem is not null ? Problem.BadRequest(problem.Code, problem.Message, problem.Hint) : TypedResults.Ok(boxes);
    }

    private static IResult Prove(ProveRequest question, PolicyView view, TimeProvider clock)
    {
        if (question.From is null || question.To is null || question.Service is null) return Problem.BadRequest("incomplete", "from, to and service must be given");
        var result = view.Prove(question, clock.GetUtcNow());
        return result.Problem is { } problem ? Problem.BadRequest(problem.Code, problem.Message, problem.Hint) : TypedResults.Ok(ExplainRecords.Of(question, result));
    }

    private static async Task<IResult> Delete(string kind, string tenant, string name, string[]? unprotect, Applier applier, CancellationToken cancel)
    {
        var reference = $"{kind.ToLowerInvariant()}/{tenant}/{name}";
        return await Unless409(async () => await applier.Delete(reference, unprotect, Author, cancel) is { } result
            ? Answer(result, result.Applied)
            : Problem.NotFound("no-such-document", $"there is no document {reference}", "see 'merlon get document'"));
    }

    private static IResult Explain(ExplainRequest question, PolicyView view, TimeProvider clock)
    {
        if (question.From is null || question.To is null || question.Service is null)
            return Problem.BadRequest("incomplete", "from, to and service must be given");
        var (result, error) = view.Explain(question, clock.GetUtcNow());
        return result is not null ? TypedResults.Ok(result) : Problem.NotFound("no-answer", error!, "name VMs, addresses or references as in policy");
    }

    private static IResult Answer(ApplyResult result, bool ok) =>
        ok ? TypedResults.Ok(result) : TypedResults.UnprocessableEntity(result);
}
