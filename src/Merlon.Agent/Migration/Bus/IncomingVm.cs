using Merlon.Agent.Sync;
using Merlon.Libvirt.Domains;

namespace Merlon.Agent.Migration.Bus;

/// <summary>libvirt's hook for a VM that comes from another host or a save file: it gets the object that its stream may need. What goes wrong here
/// refuses nobody.</summary>
internal static class IncomingVm
{
    private const string MerlonSpace = "urn:merlon:";

    /// <summary>migrate begin, restore begin: what is written to stdout replaces the VM's XML. A VM that neither Merlon there nor here knows of stays as
    /// it is.</summary>
    public static int Receive(AgentOptions options, string xml)
    {
        Try(() =>
        {
            var vm = DomainXml.Parse(xml).Uuid;
            if (!xml.Contains(MerlonSpace, StringComparison.Ordinal) && !QemuBus.IsIn(xml) && new BookStore(options.Paths.Var).Load().Nics.All(n => n.VmUuid != vm)) return;
            var board = new Board(options.Paths);
            var changed = QemuBus.Into(xml, board.SocketOf(vm));
            board.Expect(vm);
            Console.Out.Write(changed);
        });
        return 0;
    }

    /// <summary>start begin: QEMU is about to connect, also where a definition kept the object of a VM that came once.</summary>
    public static void Start(Board board, string xml, string vm) => Try(() =>
    {
        if (QemuBus.IsIn(xml)) board.Open(vm);
    });

    private static void Try(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is AgentFault or FormatException or IOException)
        {
            Console.Error.WriteLine($"merlon: connections inside it will not go on: {string.Concat(e.Message.Select(c => char.IsControl(c) ? ' ' : c))}");
        }
    }
}
