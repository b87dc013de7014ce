using Google.Protobuf;
using Grpc.Core;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Controller.Agents;
using Merlon.Controller.Rules;
using Merlon.Controller.Store;
using Xunit;

namespace Merlon.Fast.Tests.Controller;

/// <summary>An agent that holds a certificate and means no good, or is broken: it costs itself its session, and nobody else anything.</summary>
public class HostileAgentTests
{
    public static TheoryData<string, AgentMessage> FirstMessages => new()
    {
        { "hello", new() { Inventory = new() } },
        { "hello.host_uuid", new() { Hello = new() { Host = "h", HostUuid = "../../etc/passwd" } } },
        { "hello.host_uuid", new() { Hello = new() { Host = "h", HostUuid = Sample.HostA.ToUpperInvariant() } } },
        { "hello.host", new() { Hello = new() { Host = "", HostUuid = Sample.HostA } } },
        { "hello.host", new() { Hello = new() { Host = "\u001b[2Jhost", HostUuid = Sample.HostA } } },
        { "hello.version", new() { Hello = new() { Host = "h", Version = new string('9', 300), HostUuid = Sample.HostA } } },
        { "hello.sequence", new() { Hello = new() { Host = "h", HostUuid = Sample.HostA, Sequence = HostPolicies.MaxSequence + 1 } } },
    };

    public static TheoryData<string, AgentMessage> LaterMessages => new()
    {
        { "body", new() { Hello = new() { Host = "h", HostUuid = Sample.HostA } } },
        { "body", new() },
        { "inventory.vms", new() { Inventory = new() { Vms = { Enumerable.Range(0, Limits.Vms + 1).Select(i => Sample.Vm(i, "shop")) } } } },
        { "inventory.vms.uuid", new() { Inventory = new() { Vms = { new VmInfo { Uuid = "1", Name = "vm" } } } } },
        { "inventory.vms.name", new() { Inventory = new() { Vms = { new VmInfo { Uuid = Sample.HostA, Name = "vm\n" } } } } },
        { "inventory.vms.nics.index", new() { Inventory = new() { Vms = { new VmInfo { Uuid = Sample.HostA, Name = "vm", Nics = { new NicInfo { Index = 9999 } } } } } } },
        { "flows.records", new() { Flows = new() { First = 1, Incarnation = "i", Records = { Enumerable.Range(0, Limits.FlowRecords + 1).Select(i => Sample.Flow(1)) } } } },
        { "flows.incarnation", new() { Flows = new() { First = 1, Records = { Sample.Flow(1) } } } },
        { "flows.first", new() { Flows = new() { First = ulong.MaxValue, Incarnation = "i", Records = { Sample.Flow(1), Sample.Flow(2) } } } },
        { "applied.nics", new() { Applied = new() { Nics = { Enumerable.Range(0, Limits.Nics + 1).Select(_ => new NicReport()) } } } },
        { "claims.claims", new() { Claims = new() { Claims = { Enumerable.Range(0, Limits.Claims + 1).Select(_ => Claim()) } } } },
        { "claims.claims.vm_uuid", Claims(c => c.VmUuid = "1") },
        { "claims.claims.nic_index", Claims(c => c.NicIndex = 64) },
        { "claims.claims.address", Claims(c => c.Address = ByteString.CopyFrom(1, 2, 3)) },
        { "claims.claims.address", Claims(c => c.Address = ByteString.CopyFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 8, 0, 5)) },
        { "claims.claims.by", Claims(c => c.By = 0) },
        { "claims.claims.by", Claims(c => c.By = 3) },
        { "claims.claims.lease_seconds", Claims(c => c.LeaseSeconds = 5) },
        { "claims.claims.lease_seconds", Claims(c => c.By = 1) },
        { "claims.claims.age_ms", Claims(c => c.AgeMs = ulong.MaxValue) },
        { "status.json", new() { Status = new() { Json = "{" } } },
        { "status.json", new() { Status = new() { Json = "null" } } },
        { "status.json", new() { Status = new() { Json = """{"host": "h", "alarms": [null], "interfaces": []}""" } } },
    };

    private static LearnedAddress Claim() => new() { VmUuid = Sample.HostA, By = 2, Address = ByteString.CopyFrom(10, 8, 0, 77) };

    private static AgentMessage Claims(Action<LearnedAddress> wrong)
    {
        var claim = Claim();
        wrong(claim);
        return new() { Claims = new() { Number = 1, Claims = { claim } } };
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(FirstMessages))]
    public async Task A_wrong_hello_is_hung_up_on_and_makes_no_host(string field, AgentMessage hello)
    {
        await using var controller = await RunningController.Start();
        await using var agent = await PretendedAgent.Open(controller.Paths, hello);
        Refused(field, await agent.HungUp());
        Assert.DoesNotContain((await controller.Status()).Hosts, h => h.Connected);
        // The host itself gets in afterwards, and can be asked.
        await using var honest = await controller.Dial(Sample.HostA, "host-a");
        Assert.True((await controller.Host(Sample.HostA)).Connected);
    }

    [Theory]
    [MemberData(nameof(LaterMessages))]
    public async Task A_wrong_message_is_hung_up_on_and_nothing_of_it_stays(string field, AgentMessage message)
    {
        await using var controller = await RunningController.Start();
        await using var agent = await controller.Dial(Sample.HostA, "host-a");
        await agent.Has(Sample.Vm(1, "shop"));
        await agent.NextPolicy();
        await agent.Say(message);
        Refused(field, await agent.HungUp());
        await controller.Until(s => !s.Hosts.Single().Connected);
        Assert.Equal("vm-1", Assert.Single(await controller.Get("/v1/vms", ApiJson.Default.IReadOnlyListVmRecord)).Name);
        Assert.Empty(await controller.Flows());
        await controller.Restart();
    }

    /// <summary>Only a number that the controller itself gave may be above the bound: or its own agents would be locked out for ever.</summary>
    [Fact]
    public async Task A_sequence_pushed_to_the_bound_locks_nobody_out()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard);
        await using (var agent = await controller.Dial(Sample.HostA, "host-a", HostPolicies.MaxSequence))
        {
            await agent.Has(Sample.Vm(1, "shop"));
            Assert.Equal(HostPolicies.MaxSequence + 1, (await agent.NextPolicy()).Sequence);
        }
        await using var again = await controller.Dial(Sample.HostA, "host-a", HostPolicies.MaxSequence + 1);
        await again.Has(Sample.Vm(1, "shop"), Sample.Vm(2, "shop"));
        Assert.Equal(HostPolicies.MaxSequence + 2, (await again.NextPolicy()).Sequence);
    }

    [Fact]
    public async Task Hosts_without_end_are_refused()
    {
        using var store = new Folder();
        using (var state = new SqliteStateStore(store.File))
        {
            var batch = new StateBatch();
            for (var i = 0; i < HostRegistry.MostHosts; i++) batch.Put($"{Keys.Host}00000000-0000-4000-8000-{i:d12}", "h"u8.ToArray());
            state.Put(batch);
        }
        using var full = new SqliteStateStore(store.File);
        var registry = new HostRegistry(full);
        using var known = new AgentSession("00000000-0000-4000-8000-000000000007", Cancel);
        await registry.Enter(known);
        using var unknown = new AgentSession("f0000000-0000-4000-8000-000000000000", Cancel);
        await Assert.ThrowsAsync<ContractException>(() => registry.Enter(unknown));
        Assert.Null(registry.Session(unknown.HostUuid));
    }

    /// <summary>Whatever stands in an inventory that the contract lets through: the next start reads it, and the other host's VMs keep
    /// their addresses and their policy.</summary>
    [Fact]
    public async Task No_inventory_stops_the_controller_or_takes_anything_from_another_host()
    {
        await using var controller = await RunningController.Start();
        await controller.Apply(Sample.Guard + Sample.Group("shop", "web", "{select: {}, cidrs: [10.8.0.0/24]}") + Sample.Open("shop", 80).Replace("to: [any]", "to: [group/web]", StringComparison.Ordinal));
        await using var victim = await controller.Dial(Sample.HostA, "host-a");
        await victim.Has(Sample.Vm(1, "shop", "10.8.0.5", "fd00::5"));
        var policy = await victim.NextPolicy();
        await using var hostile = await controller.Dial(Sample.HostB, "host-b");
        var dice = new Random(7);
        for (var i = 0UL; i < 40; i++)
        {
            await hostile.Has([.. Enumerable.Range(2, dice.Next(6)).Select(n => Nasty(dice, n))]);
            await hostile.Send(i + 1, Sample.Flow(1)); // its ack says that the inventory before it was taken
        }
        await controller.Restart();
        var vm = await controller.Get("/v1/vms/vm-1", ApiJson.Default.VmRecord);
        Assert.Equal(["10.8.0.5", "fd00::5"], vm.Nics.Single().Addresses);
        Assert.Equal("shop", vm.Tenant);
        await using var again = await controller.Dial(Sample.HostA, "host-a", policy.Sequence);
        await again.Has(Sample.Vm(1, "shop", "10.8.0.5", "fd00::5"));
        Assert.Equal(policy.Nics, (await again.NextPolicy()).Nics);
    }

    private static VmInfo Nasty(Random dice, int number)
    {
        string[] addresses = ["10.8.0.5", "fd00::5", "", "x", "::ffff:10.8.0.5", "0.0.0.0", "255.255.255.255", "::", "10.8.0.5/24", "fe80::1%eth0", "10.8.0.77"];
        string[] names = ["vm-1", "shop", "", "\u001b[2J", "a/b", "any", new string('n', 200), "group/web", "\u202e"];
        string Pick(string[] from) => from[dice.Next(from.Length)];
        var vm = new VmInfo { Uuid = Sample.Vm(dice.Next(2, number + 1), "").Uuid, Name = Pick(["vm-1", "a/b", "any", "\u202e"]), Tenant = Pick(names), Running = dice.Next(2) == 0, ByHand = dice.Next(2) == 0 };
        for (var i = dice.Next(4); i > 0; i--) vm.Labels[Pick(names)] = Pick(names);
        for (var i = dice.Next(4); i > 0; i--)
            vm.Nics.Add(new NicInfo
            {
                Index = (uint)dice.Next(3),
                Mac = Pick(["52:54:00:00:00:01", "", "zz", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"]),
                Network = Pick(["br0", "", "br\u0007"]),
                Ifname = Pick(["vnet1", "", "..", "vnet1\n"]),
                Addresses = { Enumerable.Range(0, dice.Next(4)).Select(_ => Pick(addresses)) },
                CannotGuard = Pick(["", "hostdev"])
            });
        return vm;
    }

    private static void Refused(string field, Status status)
    {
        Assert.Equal(StatusCode.InvalidArgument, status.StatusCode);
        Assert.StartsWith(field + ":", status.Detail, StringComparison.Ordinal);
    }

    private sealed class Folder : IDisposable
    {
        private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("merlon-hosts-");

        public string File => Path.Combine(folder.FullName, "state.db");

        public void Dispose() => folder.Delete(recursive: true);
    }
}
