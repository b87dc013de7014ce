using System.Collections.Immutable;
using Merlon.Datapath.Abi;
using Merlon.Kernel.Tests.Bench;
using Merlon.Policy.Compile;
using Merlon.Policy.Inventory;
using Merlon.Policy.Model;
using Merlon.Policy.Resolve;
using Merlon.Policy.Text;
using Xunit;

namespace Merlon.Kernel.Tests;

/// <summary>A member comes and goes by words of the image in force: db is guarded, web-2 is another host's.</summary>
public sealed class MemberChangeTests : IDisposable
{
    private const string Manifest = """
        apiVersion: merlon/v1
        kind: Inventory
        spec:
          vms:
          - {name: db, tenant: shop, labels: {tier: db}, nics: [{mac: 52:54:00:00:00:02, network: br0, addresses: [10.0.0.2, "fd00::2"]}]}
          - {name: web-1, tenant: shop, labels: {tier: web}, nics: [{mac: 52:54:00:00:00:03, network: br0, addresses: [10.0.0.3, "fd00::3"]}]}
          - {name: web-2, tenant: shop, labels: {tier: web}, nics: [{mac: 52:54:00:00:00:04, network: br0, addresses: [10.0.0.4, "fd00::4"]}]}
        ---
        apiVersion: merlon/v1
        kind: Guard
        metadata: {name: db}
        spec: {action: guard, select: [vm/db], log: denies}
        ---
        apiVersion: merlon/v1
        kind: Group
        metadata: {name: web, tenant: shop}
        spec: {select: {labels: {tier: web}}}
        ---
        apiVersion: merlon/v1
        kind: Policy
        metadata: {name: app, tenant: shop}
        spec: {rules: [{name: web-db, from: [group/web], to: [vm/db], services: [udp/80], action: allow}]}
        """;

    private readonly World _world = new();
    private readonly HostCompiler _compiler = new();
    private ImmutableArray<RuleList>? _lists;
    private HostImage _image;
    private uint _epoch = 1;

    public MemberChangeTests()
    {
        _world.Apply(Manifest);
        _world.Commit(_image = Compile(member: true), bump: false);
    }

    public void Dispose() => _world.Dispose();

    private HostImage Compile(bool member)
    {
        var text = member ? Manifest : Manifest.Replace("name: web-2, tenant: shop, labels: {tier: web}", "name: web-2, tenant: shop, labels: {tier: old}", StringComparison.Ordinal);
        var documents = ManifestParser.Parse([new("test.yaml", text)]).Documents;
        var set = PolicySet.Build(documents.Select(d => new StoredDocument(d, 1))).Set!;
        var policy = Resolver.Resolve(set, VmInventory.FromDocuments(documents.OfType<InventoryDocument>()), "", 0).Policy;
        // Members alone differ.
        _lists ??= policy.RuleLists;
        return _compiler.Compile(policy with { RuleLists = _lists.Value }, 0).Image!;
    }

    private void Change(HostImage next)
    {
        var bind = _world.Kernel.Images.ReadBack()!.Bind;
        bind[_world["db"].Record.Slot] = (uint)bind[_world["db"].Record.Slot] | (ulong)++_epoch << 32;
        var words = next.Words.ChangesSince(_image.Words)!;
        Assert.InRange(words.Count, 2, 5);
        Assert.NotNull(_world.Kernel.Images.Change(words, bind));
        Assert.True(_world.Kernel.Images.Holds(next.Words.AsSpan(), bind, _world.Kernel.Images.ReadBack()!.RuleIds));
        _image = next;
    }

    private Packet From(string address, int port) => new(Address.Parse(address), address.Contains(':', StringComparison.Ordinal) ? _world["db"].V6 : _world["db"].V4)
    {
        SourceMac = Shop.Router,
        DestinationMac = _world["db"].Mac,
        SourcePort = port,
    };

    [Theory]
    [InlineData("10.0.0.4", "10.0.0.3")]
    [InlineData("fd00::4", "fd00::3")]
    public void Who_left_is_cut_with_its_next_packet_and_who_stays_goes_on(string left, string stays)
    {
        Assert.Equal(Outcome.Pass, _world.Send(From(left, 1001)));
        Assert.Equal(Outcome.Pass, _world.Send(From(stays, 1002)));
        Change(Compile(member: false));
        Assert.Equal(new(false, "to_vm", Reason.Revoked), _world.Send(From(left, 1001)));
        Assert.Equal(new(false, "to_vm", Reason.Default), _world.Send(From(left, 1003)));
        Assert.Equal(Outcome.Pass, _world.Send(From(stays, 1002)));
        Change(Compile(member: true));
        Assert.Equal(Outcome.Pass, _world.Send(From(left, 1004)));
    }

    /// <summary>A packet between two looks at one generation was judged under it: its verdict must be that of this generation's words.</summary>
    [Fact]
    public void No_packet_is_judged_by_words_of_another_generation()
    {
        HostImage[] images = [Compile(member: true), Compile(member: false)];
        var first = _world.Kernel.Images.Generation;
        using var stop = new CancellationTokenSource();
        var (seen, wrong) = (new int[2], 0);
        var frame = From("10.0.0.4", 2000).Bytes(); // one connection: each generation has another epoch too
        var sender = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var before = _world.Kernel.Images.Generation;
                var passed = _world.Flood("to_vm", _world["db"], frame);
                if (_world.Kernel.Images.Generation != before) continue;
                // The first is with the member, each change after it the reverse.
                var member = (before - first) % 2 == 0;
                seen[member ? 0 : 1]++;
                if (passed != member) wrong++;
            }
        });
        sender.Start();
        for (var i = 1; i <= 300; i++) Change(images[i % 2]);
        stop.Cancel();
        sender.Join();
        TestContext.Current.TestOutputHelper!.WriteLine($"{seen[0]} passed, {seen[1]} refused");
        Assert.Equal(0, wrong);
        Assert.True(seen.Min() > 50, $"{seen[0]} and {seen[1]} packets");
    }
}
