using System.Text.Json;
using Merlon.Contracts.Api;

namespace Merlon.Controller.Api;

/// <summary>Every refusal and failure is an <see cref="ApiError"/>, also those that the framework makes.</summary>
internal sealed class ErrorAnswers(RequestDelegate next, ILogger<ErrorAnswers> log)
{
    public async Task Invoke(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            // The JSON reader's own words name the line and the field.
            await Write(context, e.StatusCode, e.InnerException is JsonException json ? json.Message : e.Message);
            return;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            log.RequestFailed(e, context.Request.Method, context.Request.Path);
            await Write(context, StatusCodes.Status500InternalServerError, "the controller failed at this request; its log says how");
            return;
        }
        if (context.Response is { StatusCode: >= 400, HasStarted: false, ContentLength: null, ContentType: null })
            await Write(context, context.Response.StatusCode, Meaning(context.Response.StatusCode));
    }

    private static Task Write(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new ApiError(Code(status), message), ApiJson.Default.ApiError);
    }

    private static string Code(int status) => status switch
    {
        StatusCodes.Status404NotFound => "no-such-path",
        StatusCodes.Status405MethodNotAllowed => "method-not-allowed",
        StatusCodes.Status413PayloadTooLarge => "too-large",
        StatusCodes.Status415UnsupportedMediaType => "not-json",
        StatusCodes.Status500InternalServerError => "internal",
        _ => "bad-request",
    };

    private static string Meaning(int status) => status switch
    {
        StatusCodes.Status404NotFound => "the API has no such path",
        StatusCodes.Status405MethodNotAllowed => "the path does not take this method",
        StatusCodes.Status415UnsupportedMediaType => "the body must be application/json",
        _ => "the request is not understood",
    };
}
