namespace Merlon.Cli;

/// <summary>The exit codes that scripts may rely on.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Error = 1;
    public const int Differences = 2;
    public const int NotFound = 3;
    public const int Denied = 4;
    public const int Conflict = 5;
    public const int TestFailed = 6;
}
