namespace Merlon.Hosts.Tests.Hosts;

/// <summary>One host: a namespace with a bridge, guests of it, and the product guarding it. Removes all of it.</summary>
public sealed class TestHost : IDisposable
{
    private static int _count;
    private readonly List<Guest> _guests = [];
    private readonly string _run;

    /// <param name="libvirt">URI of the libvirt that the agent follows.</param>
    /// <param name="patience">Seconds that controller and agent may take to start.</param>
    public TestHost(string libvirt = "none", int patience = 20)
    {
        var number = Interlocked.Increment(ref _count);
        _run = $"{Environment.ProcessId % 100000:d5}{(char)('a' + number % 26)}";
        Host = new NetNamespace($"mt{_run}-host");
        Host.Ip("link", "add", "br0", "type", "bridge");
        Host.Ip("link", "set", "br0", "up");
        Host.BridgePastFilters();
        Product = new Product(Host.Path, "t" + _run, 20000 + Environment.ProcessId % 10000 + number, libvirt) { Patience = TimeSpan.FromSeconds(patience) };
    }

    public NetNamespace Host { get; }

    public Product Product { get; }

    /// <summary>How many guests there are.</summary>
    public int Guests => _guests.Count;

    public Guest AddGuest(string name, string bridge = "br0")
    {
        var guest = new Guest(Host, _run, _guests.Count + 1, name, bridge);
        _guests.Add(guest);
        return guest;
    }

    public void Start()
    {
        Product.StartController();
        Product.StartAgent();
        Product.Until("the agent", Product.Patience, () => File.Exists(Product.Paths.AgentSocket));
    }

    public void Dispose()
    {
        Product.Dispose();
        foreach (var guest in _guests) guest.Dispose();
        Host.Dispose();
    }
}
