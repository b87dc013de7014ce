using System.Security.Cryptography;
using System.Text.Json;
using Merlon.Contracts.Api;

namespace Merlon.Controller.Access;

/// <summary>The file that tells people of this host how to reach the API. Its token is made on first start and stays.</summary>
internal static class ApiAccessFile
{
    private const int TokenBytes = 32;

    /// <summary>The token on file, or a new one. A damaged file is written anew, with a new token.</summary>
    public static string Token(string path)
    {
        try
        {
            if (File.Exists(path) && JsonSerializer.Deserialize(File.ReadAllBytes(path), ApiJson.Default.ApiAccess) is { Token.Length: >= TokenBytes } access)
                return access.Token;
        }
        catch (JsonException)
        {
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"cannot read {path}: {e.Message}", e);
        }
        return Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes));
    }

    /// <summary>Replaces the file whole, for its owner only.</summary>
    public static void Write(string path, ApiAccess access)
    {
        var fresh = path + ".new";
        try
        {
            File.Delete(fresh);
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            using (var stream = new FileStream(fresh, options))
            {
                JsonSerializer.Serialize(stream, access, ApiJson.Default.ApiAccess);
                stream.Flush(flushToDisk: true);
            }
            File.Move(fresh, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"cannot write {path}: {e.Message}", e);
        }
    }
}
