using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Merlon.Contracts;
using Merlon.Contracts.Api;

namespace Merlon.Cli.Clients;

/// <summary>The controller's public API. Its certificate must come from the one CA that the access names.</summary>
internal static class Controller
{
    /// <summary>The controller is this machine's, not one that the environment names.</summary>
    public static bool IsLocal(Call call) => string.IsNullOrEmpty(call.Environment("MERLON_API"));

    /// <param name="instance">Null = the call's.</param>
    public static JsonHttp Connect(Call call, TimeSpan? timeout = null, InstancePaths? instance = null)
    {
        var access = AccessOf(call, instance ?? call.Paths);
        if (!Uri.TryCreate(access.Url, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps)
            throw new CliException($"'{access.Url}' is not an https URL", "correct MERLON_API");
        var handler = new SocketsHttpHandler
        {
            UseProxy = false, // the token goes to the controller and to nobody between
            ConnectTimeout = timeout ?? TimeSpan.FromSeconds(5),
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = TrustOnly(access.CaFile) },
        };
        var http = new HttpClient(handler) { BaseAddress = url, Timeout = timeout ?? TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", access.Token);
        return new JsonHttp(http, e => Unreachable(access, e));
    }

    private static CliException Unreachable(ApiAccess access, Exception e) =>
        e.InnerException is System.Security.Authentication.AuthenticationException tls
            ? new CliException($"the server at {access.Url} is not trusted: {tls.Message}", $"is {access.CaFile} the CA of this controller?", ExitCode.Denied)
            : new NoAnswerException($"the controller does not answer at {access.Url}", "start merlon-controller, or see 'merlon doctor'");

    private static ApiAccess AccessOf(Call call, InstancePaths instance)
    {
        var (url, token, ca) = (call.Environment("MERLON_API"), call.Environment("MERLON_TOKEN"), call.Environment("MERLON_CA"));
        if (!string.IsNullOrEmpty(url))
        {
            return !string.IsNullOrEmpty(token) && !string.IsNullOrEmpty(ca)
                ? new(url, token, ca)
                : throw new CliException("MERLON_API is set without MERLON_TOKEN and MERLON_CA", "set all three or none");
        }
        var file = instance.ApiFile;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(file), ApiJson.Default.ApiAccess)
                ?? throw new JsonException("null");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CliException($"{file} is for root only", "use sudo, or set MERLON_API, MERLON_TOKEN and MERLON_CA", ExitCode.Denied);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NoAnswerException($"no controller has run here yet ({file} is missing)", "start merlon-controller, name its instance (--instance or MERLON_INSTANCE), or set MERLON_API, MERLON_TOKEN and MERLON_CA");
        }
        catch (JsonException)
        {
            throw new CliException($"{file} is damaged", "restart merlon-controller: it writes it anew");
        }
    }

    private static X509ChainPolicy TrustOnly(string caFile)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(caFile);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CliException($"the CA file {caFile} cannot be read: {e.Message}", "correct MERLON_CA, or run it as root");
        }
        return policy;
    }
}
