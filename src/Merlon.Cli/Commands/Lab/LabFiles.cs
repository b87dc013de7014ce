namespace Merlon.Cli.Commands.Lab;

/// <summary>Finds the lab's scripts: in the repository that this program was built in, or where the package puts them.</summary>
internal static class LabFiles
{
    private const string Packaged = "/usr/share/merlon/lab";

    public static string Script(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "lab", name);
            if (File.Exists(path)) return path;
        }
        var packaged = Path.Combine(Packaged, name);
        return File.Exists(packaged) ? packaged : throw new CliException(
            $"the lab's {name} is not found", $"run merlon from its repository, or install the lab to {Packaged}");
    }
}
