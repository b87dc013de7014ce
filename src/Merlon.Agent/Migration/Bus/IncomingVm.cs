using System.Text;
using Merlon.Agent.Gate;
using Merlon.Libvirt.Domains;

namespace Merlon.Agent.Migration.Bus;

/// <summary>libvirt's hook for a VM that comes from another host or a save file: where its QEMU had the object there, and only there, its stream needs it here. What
/// goes wrong here refuses nobody.</summary>
internal static class IncomingVm
{
    /// <summary>migrate begin, restore begin: what is written to stdout replaces the VM's XML; nothing = it stays as it is.</summary>
    public static int Receive(AgentOptions options, Func<string> read)
    {
        Try(() =>
        {
            var xml = read();
            var domain = DomainXml.Parse(xml);
            if (domain.Object == QemuObject.None) return;
            var board = new Board(options.Paths);
            var changed = Encoding.UTF8.GetBytes(QemuBus.Into(xml, board.SocketOf(domain.Uuid)));
            Try(() => board.Expect(domain.Uuid)); // once more at its start
            using var stdout = Console.OpenStandardOutput();
            stdout.Write(changed);
        });
        return 0;
    }

    /// <summary>start begin: QEMU is about to connect, also where a definition kept the object of a VM that came once.</summary>
    public static void Start(AgentOptions options, string xml) => Try(() =>
    {
        var domain = DomainXml.Parse(xml);
        if (domain.Object == QemuObject.Argument) new Board(options.Paths).Open(domain.Uuid, domain.QemuUser ?? 0);
    });

    private static void Try(Action work)
    {
        try
        {
            work();
        }
#pragma warning disable CA1031 // whatever it is, no VM is refused for it
        catch (Exception e)
#pragma warning restore CA1031
        {
            Console.Error.WriteLine(GateVerb.OneLine($"merlon: connections inside it will not go on: {e.Message}"));
        }
    }
}
