using Merlon.Datapath.Links;
using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;
using Merlon.Hosts.Tests.Hosts;

namespace Merlon.Bench.Places;

/// <summary>bench/traffic.bpf.c, loaded once for each place: its maps are that place's own.</summary>
internal sealed class BenchObject : IDisposable
{
    private readonly ObjectFile _file;
    private readonly List<BpfFd> _links = [];

    public BenchObject(string path)
    {
        _file = ObjectFile.Open(path);
        _file.Load();
    }

    public KernelMap Map(string name) => new(name, new(LibBpf.MapFd(_file.Maps()[name]), owned: false));

    public BpfFd Program(string name) => new(LibBpf.ProgramFd(_file.Programs()[name]), owned: false);

    /// <summary>Makes serve() run a program.</summary>
    public void Call(BpfFd program) => Map("measured").Update(0u, (uint)program.Number);

    /// <summary>Hangs a program on an interface of a namespace.</summary>
    public void Attach(NetNamespace space, string ifname, string program, uint hook) => _links.Add(new(space.Enter(() =>
        BpfError.Check(Bpf.CreateTcxLink(Program(program), LinkTable.Find(ifname)!.Ifindex, hook), "attach-failed", $"attaching {program}"))));

    public void Dispose()
    {
        foreach (var link in _links) link.Dispose();
        _file.Dispose();
    }
}
