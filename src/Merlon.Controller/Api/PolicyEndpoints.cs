using Merlon.Contracts.Api;
using Merlon.Controller.Rules;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Merlon.Controller.Api;

internal static class PolicyEndpoints
{
    // Local administrators are one until accounts exist (issue: what people see).
    private const string By = "admin";

    public static void Map(WebApplication app, Rooms rooms)
    {
        app.MapGet("/v1/policies", () => TypedResults.Ok(new PolicyView(rooms).Policies()));
        app.MapGet("/v1/rules", () => TypedResults.Ok(new PolicyView(rooms).Rules()));
        app.MapGet("/v1/documents", () => TypedResults.Ok(new PolicyView(rooms).Documents()));
        app.MapGet("/v1/revisions", () => TypedResults.Ok(new PolicyView(rooms).Revisions()));
        app.MapPost("/v1/apply", (ApplyRequest request) => Apply(rooms, request));
        app.MapPost("/v1/explain", (ExplainRequest request) => Explain(rooms, request));
        app.MapDelete("/v1/documents/{kind}/{tenant}/{name}", (string kind, string tenant, string name) => Delete(rooms, $"{kind}/{tenant}/{name}"));
    }

    private static Results<Ok<ApplyResult>, UnprocessableEntity<ApplyResult>, JsonHttpResult<ApiError>> Apply(Rooms rooms, ApplyRequest request)
    {
        if (request.Connections != "cut")
            return Problem.BadRequest("not-supported", $"connections: '{request.Connections}' is not supported by this version", "use cut");
        return Answer(rooms.Applier.Apply(request, By));
    }

    private static Results<Ok<ApplyResult>, UnprocessableEntity<ApplyResult>, JsonHttpResult<ApiError>> Delete(Rooms rooms, string reference) =>
        rooms.Applier.Delete(reference, By) is { } result ? Answer(result)
            : Problem.NotFound("no-such-document", $"no document is called '{reference}'", "merlon get document lists them");

    private static Results<Ok<ApplyResult>, UnprocessableEntity<ApplyResult>, JsonHttpResult<ApiError>> Answer(ApplyResult result) =>
        result.Diagnostics.Any(d => d.Severity == "error") ? TypedResults.UnprocessableEntity(result) : TypedResults.Ok(result);

    private static Results<Ok<ExplainResult>, JsonHttpResult<ApiError>> Explain(Rooms rooms, ExplainRequest request) =>
        new PolicyView(rooms).Explain(request, out var problem) is { } result ? TypedResults.Ok(result)
            : Problem.NotFound("no-answer", problem ?? "the question names nothing known");
}
