namespace Merlon.Hosts.Tests.Hosts;

/// <summary>Where the built parts are.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Bin(string name) => Path.Combine(Root, "artifacts", "bin", name);

    public static string Object => Path.Combine(Root, "artifacts", "firewall.bpf.o");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Merlon.slnx"))) return folder.FullName;
        throw new InvalidOperationException("run the tests from inside the repository");
    }
}
