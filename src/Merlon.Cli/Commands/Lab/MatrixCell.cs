namespace Merlon.Cli.Commands.Lab;

/// <summary>One measured way: did what FROM sent reach TO, and the answer come back.</summary>
/// <param name="Service">ping, tcp/PORT or udp/PORT.</param>
/// <param name="Family">4 or 6.</param>
/// <param name="Error">Empty when delivered; else timeout, refused, reset, unreachable, prohibited ...</param>
internal sealed record MatrixCell(string From, string To, string Service, int Family, bool Delivered, string Error, long Ms);
