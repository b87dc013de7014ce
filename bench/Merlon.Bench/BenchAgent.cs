using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using Merlon.Agent.Link;
using Merlon.Contracts;
using Merlon.Contracts.Api;
using Merlon.Contracts.Pki;
using Merlon.Contracts.Wire;
using Merlon.Policy.Inventory;

namespace Merlon.Bench;

/// <summary>An agent's part of the link: a host's VMs, their flows, and their connections whenever they are asked for.</summary>
internal sealed class BenchAgent : IAsyncDisposable
{
    private readonly HostPki _pki;
    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<AgentMessage, ControllerMessage> _call;
    private readonly SemaphoreSlim _policies = new(0), _acks = new(0);
    private readonly string _connections;
    private readonly Task _reading;

    private BenchAgent(InstancePaths paths, IReadOnlyList<ConnectionRecord> connections)
    {
        _connections = JsonSerializer.Serialize(connections, ApiJson.Default.IReadOnlyListConnectionRecord);
        _pki = HostPki.EnsureAt(paths.Pki);
        _channel = ControllerAddress.Open("unix:" + paths.ControllerSocket, _pki.ClientOptions(PkiRole.Agent, PkiRole.Controller));
        _call = new Link.LinkClient(_channel).Session();
        _reading = Read();
    }

    /// <summary>Returns when the controller has sent the policy of these VMs.</summary>
    public static async Task<BenchAgent> Dial(InstancePaths paths, IReadOnlyCollection<InventoryVm> vms, IReadOnlyList<ConnectionRecord> connections)
    {
        var agent = new BenchAgent(paths, connections);
        var first = vms.First();
        await agent._call.RequestStream.WriteAsync(new() { Hello = new() { Host = first.Host is "" ? "host" : first.Host, HostUuid = first.Uuid, Version = "1.0.0", Abi = 1 } });
        await agent._call.RequestStream.WriteAsync(new() { Inventory = new() { Vms = { vms.Select(Info) } } });
        await agent.Heard(agent._policies);
        return agent;
    }

    public async Task Send(ulong first, IEnumerable<FlowRecordMessage> records)
    {
        await _call.RequestStream.WriteAsync(new() { Flows = new() { First = first, Incarnation = "i-1", Records = { records } } });
        await Heard(_acks);
    }

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        _channel.Dispose();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _pki.Dispose();
    }

    private async Task Heard(SemaphoreSlim what)
    {
        if (await Task.WhenAny(what.WaitAsync(), _reading) == _reading) throw new InvalidOperationException("the controller hung up");
    }

    private async Task Read()
    {
        await foreach (var message in _call.ResponseStream.ReadAllAsync())
        {
            if (message.Policy is not null) _policies.Release();
            if (message.FlowAck is not null) _acks.Release();
            if (message.Ask is { } ask) await _call.RequestStream.WriteAsync(new() { Answer = new() { Id = ask.Id, Json = _connections } });
        }
    }

    private static VmInfo Info(InventoryVm vm)
    {
        var info = new VmInfo { Uuid = vm.Uuid, Name = vm.Name, Tenant = vm.Tenant, Running = true };
        foreach (var (key, value) in vm.Labels) info.Labels[key] = value;
        info.Nics.AddRange(vm.Nics.Select(n => new NicInfo { Index = (uint)n.Index, Mac = n.Mac.ToString(), Network = n.Network, Ifname = "vnet0", Addresses = { n.Addresses.Select(a => a.ToString()) } }));
        return info;
    }
}
