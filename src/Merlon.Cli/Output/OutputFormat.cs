namespace Merlon.Cli.Output;

/// <summary>Form of the data on stdout.</summary>
internal enum OutputFormat { Table, Json, Yaml }
