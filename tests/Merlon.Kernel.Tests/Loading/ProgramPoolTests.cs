using Merlon.Datapath;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Attach;
using Merlon.Datapath.Maps;
using Merlon.Kernel.Tests.Bench;
using Merlon.Kernel.Tests.Fixtures;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Kernel.Tests.Loading;

/// <summary>A world on a program that another world had.</summary>
public sealed class ProgramPoolTests
{
    /// <summary>Of no other test's size.</summary>
    private static readonly DatapathOptions s_own = new("", "", 4096, 4096, 1000);

    [Fact]
    public void Nothing_that_a_world_did_is_left_for_the_next()
    {
        using var link = new TapLink();
        string folder;
        using (var world = new Shop("", s_own))
        {
            folder = world.Folder;
            world.Kernel.Attacher.Kind = AttachKind.Clsact;
            world.AttachPort("web", link.Ifindex);
            // Somebody else's, who keeps the qdisc.
            KernelObject.Run("tc", "filter", "add", "dev", link.Name, "ingress", "prio", "9", "bpf", "direct-action", "object-pinned", Path.Combine(folder, "programs", "start_timer"));
            world.WaitForTimer(1);
            Use(world);
            // The control: something is in every map. The largest last, for denies are forgotten.
            foreach (var pin in Directory.GetFiles(Path.Combine(folder, "maps")).OrderBy(p => p.EndsWith("rule_hits", StringComparison.Ordinal)))
            {
                using var map = new RawMap(pin);
                // The timer takes keys out of their queues for a moment.
                Assert.True(map.Name is "captures" or "claims" || SpinWait.SpinUntil(() => map.Held() > 0, TimeSpan.FromSeconds(5)), map.Name);
            }
        }
        Assert.Empty(Directory.GetFiles(Path.Combine(folder, "links")));
        Assert.Equal(["control"], ProgramPool.Held(folder));
        using (var control = Pinned.Map(folder, "control"))
            Assert.True(control.TryLookup(0u, out ControlRecord record) && record.Equals(new ControlRecord { Abi = AbiLimits.Version }));
        using var next = new Shop("", s_own);
        Assert.Equal((folder, true, 1U), (next.Folder, next.Kernel.Reused, next.Kernel.Images.Generation));
        Assert.False(next.Kernel.Attacher.Verify(link.Ifindex).Present);
        next.WaitForTimer(1);
    }

    private static void Use(Shop shop)
    {
        var image = shop.Image!;
        shop.Kernel.Images.Commit(image.Words.AsSpan(), shop.Kernel.Images.ReadBack()!.Bind, [.. image.Rules.Select((_, i) => AbiLimits.MaxRuleIds - 1U - (uint)i)]);
        shop.Kernel.Budgets.KeepShares(2);
        shop.Kernel.Connections.Bring(default);
        shop.ChangePort("web", p => p with { Flags = p.Flags | PortFlags.LearnArp });
        Assert.False(shop.Hook("from_vm", shop.Web, Neighbour.Arp(shop.Web.Mac, Address.Parse("10.0.0.77"), Address.Parse("10.0.0.77"))).Passed);
        shop.Kernel.ShortCut.Set([Way.Of(shop.Web.Ifindex, shop.Web.Record, 5, 1500)]);
        shop.Kernel.Licences.Set(shop.Web.Record.Vnic, shop.Web.Record.Slot, new([], [new MacAddress(0x5e00010a)]));
        shop.Kernel.Adoptions.Set(new Dictionary<uint, ulong> { [shop.Web.Record.Vnic] = ulong.MaxValue });
        Assert.False(shop.Send(shop.WebToDb() with { Proto = Protocols.Tcp, Flags = Tcp.Ack, DestinationPort = 9 }).Passed);
        foreach (var v6 in (bool[])[false, true])
        {
            new Talk(shop, shop.WebToDb(v6), 1000).Open();
            Assert.True(shop.Send(shop.WebToDb(v6) with { SourcePort = 1001, MoreFragments = true, Data = 8 }).Passed);
            Assert.False(shop.Send(shop.WebToDb(v6) with { DestinationPort = 9 }).Passed);
        }
        Assert.True(shop.Kernel.Tests.Run("to_vm", (shop.OutsideToDb() with { Proto = Protocols.Tcp, Flags = Tcp.Syn, DestinationPort = 22 }).Bytes(), shop.Db.Ifindex).Answered);
    }
}
