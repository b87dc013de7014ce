using System.Security.Cryptography;
using System.Text;
using Merlon.Contracts.Api;
using Merlon.Controller.Api;

namespace Merlon.Controller.Access;

/// <summary>Nothing but <c>/health</c> and the description of the API is answered without the token.</summary>
internal sealed class TokenGate(RequestDelegate next, string token)
{
    private const string Scheme = "Bearer ";

    // Compared as digests: equal length whatever was sent, and the time says nothing about the token.
    private readonly byte[] expected = SHA256.HashData(Encoding.UTF8.GetBytes(token));

    public Task Invoke(HttpContext context) =>
        IsOpen(context.Request.Path) || HasToken(context.Request) ? next(context) : Refuse(context);

    private static bool IsOpen(PathString path) =>
        path == "/health" || path.StartsWithSegments("/openapi") || path.StartsWithSegments("/scalar");

    private bool HasToken(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(expected, SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..])));
    }

    private static Task Refuse(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return context.Response.WriteAsJsonAsync(
            new ApiError("token-missing", "the controller refused the token: it is missing or wrong", "the right one stands in the api.json that the controller wrote (merlon reads it, MERLON_TOKEN takes its place)"),
            ApiJson.Default.ApiError);
    }
}
