namespace Merlon.Contracts.Api;

/// <summary>How to reach the public API: content of <see cref="InstancePaths.ApiFile"/>.</summary>
/// <param name="Url">https://127.0.0.1:PORT.</param>
/// <param name="Token">Bearer token made on first start.</param>
/// <param name="CaFile">PEM of the CA that signed the server's certificate.</param>
public sealed record ApiAccess(string Url, string Token, string CaFile);
