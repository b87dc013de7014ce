namespace Merlon.Cli.Commands.Doctor;

/// <summary>What doctor looks at. A test hands it a broken one.</summary>
internal interface IMachine
{
    DateTimeOffset Now { get; }

    /// <summary>Text of a file; null when it is missing or unreadable.</summary>
    string? Read(string path);

    /// <summary>The first bytes of a file, as many as there are; empty when it is missing or unreadable.</summary>
    byte[] Start(string path, int count);

    /// <summary>A file, folder or device is there.</summary>
    bool Exists(string path);

    /// <summary>Names in a folder; empty when there is none.</summary>
    IReadOnlyList<string> List(string folder);

    /// <summary>Null when a folder can be made in there; else why not.</summary>
    string? WriteProblem(string folder);

    /// <summary>Null when a process answers on the unix socket; else why not.</summary>
    string? ConnectProblem(string socket);

    /// <summary>Bytes that root may still write below the path; null when unknown.</summary>
    long? FreeBytes(string path);

    /// <summary>Output of a program that succeeded; null when it is missing or failed.</summary>
    Task<string?> Run(string program, params string[] arguments);
}
