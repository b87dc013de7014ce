using Merlon.Contracts.Api;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Merlon.Controller.Api;

/// <summary>Answers that say no: a stable code, what is wrong, and the mend.</summary>
internal static class Problem
{
    public static JsonHttpResult<ApiError> BadRequest(string code, string message, string? mend = null) =>
        With(StatusCodes.Status400BadRequest, code, message, mend);

    public static JsonHttpResult<ApiError> NotFound(string code, string message, string? mend = null) =>
        With(StatusCodes.Status404NotFound, code, message, mend);

    public static JsonHttpResult<ApiError> With(int status, string code, string message, string? mend = null) =>
        TypedResults.Json(new ApiError(code, message, mend), ApiJson.Default.ApiError, statusCode: status);
}
