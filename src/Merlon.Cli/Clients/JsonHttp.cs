using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Clients;

/// <summary>JSON over HTTP with one of Merlon's two doors. Every failure becomes a <see cref="CliException"/>.</summary>
internal sealed class JsonHttp(HttpClient http, Func<Exception, CliException> unreachable) : IDisposable
{
    public Task<T> Get<T>(string path, JsonTypeInfo<T> type, CancellationToken cancel) =>
        Send(HttpMethod.Get, path, null, type, cancel);

    public Task<T> Delete<T>(string path, JsonTypeInfo<T> type, CancellationToken cancel) =>
        Send(HttpMethod.Delete, path, null, type, cancel);

    public Task<T> Post<T>(string path, JsonTypeInfo<T> type, CancellationToken cancel) =>
        Send(HttpMethod.Post, path, null, type, cancel);

    public Task<T> Post<TBody, T>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken cancel) =>
        Send(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body, bodyType), type, cancel);

    /// <summary>An answer that is read as it comes.</summary>
    public async Task<HttpResponseMessage> Open(string path, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        var response = await Ask(request, cancel);
        if (!response.IsSuccessStatusCode) throw await Failure(response, cancel);
        return response;
    }

    public void Dispose() => http.Dispose();

    private async Task<T> Send<T>(HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using var response = await Ask(request, cancel);
        // 422 carries the ordinary answer: what is wrong with the documents.
        if (!response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.UnprocessableEntity) throw await Failure(response, cancel);
        var text = await Body(response, cancel);
        try
        {
            return JsonSerializer.Deserialize(text, type) ?? throw new JsonException("null");
        }
        catch (JsonException)
        {
            throw response.IsSuccessStatusCode
                ? new CliException($"the answer to {method} {path} is not understood", "are both sides of the same version?")
                : Failure(response.StatusCode, text);
        }
    }

    private async Task<HttpResponseMessage> Ask(HttpRequestMessage request, CancellationToken cancel)
    {
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException e)
        {
            throw unreachable(e);
        }
        catch (TaskCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw unreachable(e);
        }
    }

    private static async Task<byte[]> Body(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            return await response.Content.ReadAsByteArrayAsync(cancel);
        }
        catch (HttpRequestException e)
        {
            throw new CliException($"the answer broke off: {e.Message}", "try again");
        }
    }

    private static async Task<CliException> Failure(HttpResponseMessage response, CancellationToken cancel)
    {
        using (response) return Failure(response.StatusCode, await Body(response, cancel));
    }

    private static CliException Failure(HttpStatusCode status, byte[] text)
    {
        ApiError? error = null;
        try
        {
            error = JsonSerializer.Deserialize(text, ApiJson.Default.ApiError);
        }
        catch (JsonException)
        {
            // Not from Merlon (a proxy, another server): the status alone must do.
        }
        return new CliException(error?.Message ?? $"refused with HTTP {(int)status}", error?.Mend, ExitCodeOf(status));
    }

    private static int ExitCodeOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound => ExitCode.NotFound,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ExitCode.Denied,
        HttpStatusCode.Conflict => ExitCode.Conflict,
        _ => ExitCode.Error,
    };
}
