using System.Globalization;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Packets;
using Xunit;

namespace Merlon.Kernel.Tests.Transparency;

/// <summary>A stateful policy that allows everything must be invisible: real stacks see the same bytes and the same ends with and without
/// it, and no packet is dropped. `./dev long transparency` plays 200 connections of each kind and version.</summary>
public sealed class TransparencyTests
{
    private const int AtOnce = 6, Brief = 5, Full = 200;

    /// <summary>What makes a kind what it is: none counts that did not happen.</summary>
    private static readonly (DialogueKind Kind, WireCount What)[] s_happens =
    [
        (DialogueKind.Reset, WireCount.Resets), (DialogueKind.FastOpen, WireCount.DataOnSyn), (DialogueKind.PathMtu, WireCount.TooLong),
        (DialogueKind.BadWire, WireCount.Lost), (DialogueKind.BadWire, WireCount.Repeated), (DialogueKind.BadWire, WireCount.Reordered), (DialogueKind.BadWire, WireCount.SackBlocks),
    ];

    [Fact, Trait("long", "transparency")]
    public void Valid_connections_pass_as_if_nothing_were_there()
    {
        var evidence = new Evidence("transparency");
        evidence.Batches(Brief, Full, batch: 50, (first, count) =>
        {
            using var guarded = new TransparencyPlace(guarded: true, first);
            using var bare = new TransparencyPlace(guarded: false, first);
            var counts = new List<(string, long)>();
            var seen = Play(guarded, first, count, (kind, lines) =>
            {
                Assert.True(guarded.Drops() is "", $"{kind} from {first} on: {guarded.Drops()}");
                foreach (var v6 in new[] { false, true }) counts.AddRange([(Name(kind, v6), lines.Length / 2), .. Happened(guarded.Relay, kind, v6, count)]);
            });
            Assert.Equal(Play(bare, first, count), seen);
            return [.. counts, ("fastOpenings", guarded.Web.TcpExt("TCPFastOpenActive")), ("dropped", 0)];
        }, whole: sum =>
        {
            foreach (var kind in Enum.GetValues<DialogueKind>())
                foreach (var v6 in new[] { false, true }) Assert.Equal(evidence.Rounds(Brief, Full), sum(Name(kind, v6)));
        });
    }

    private static string Name(DialogueKind kind, bool v6) => $"{kind} IPv{(v6 ? 6 : 4)}";

    private static List<(string Key, long Count)> Happened(Relay relay, DialogueKind kind, bool v6, int count)
    {
        var counts = Enum.GetValues<WireCount>().ToDictionary(w => w, w => relay.Take(w, v6));
        List<(string Key, long Count)> happened = [.. s_happens.Where(h => h.Kind == kind).Select(h => ($"{Name(kind, v6)} {h.What}", counts[h.What]))];
        Assert.All(happened, h => Assert.True(h.Count > 0, $"none: {h.Key}"));
        // Only the first has no cookie yet (RFC 7413).
        if (kind == DialogueKind.FastOpen) Assert.InRange(counts[WireCount.DataOnSyn], count - 1, 2 * count);
        return happened;
    }

    /// <summary>The control: a program that expects too little drops something valid, and is caught.</summary>
    [Theory]
    [InlineData("windows", "windows are never scaled")]
    [InlineData("icmp-errors", "only errors about half-open connections pass")]
    public void A_program_that_is_too_strict_is_caught(string subject, string name)
    {
        var folder = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"merlon-strict-{Environment.ProcessId}-{subject}"));
        try
        {
            var fault = Fault.ReadAll().Single(f => f.Subject == subject && f.Name == name);
            using var place = new TransparencyPlace(guarded: true, 0, fault.Build(folder));
            foreach (var kind in Enum.GetValues<DialogueKind>())
            {
                try
                {
                    Play(place, kind, 0, 1, patience: 2000);
                }
                catch (AggregateException)
                {
                    // Dialogues may die of it.
                }
            }
            Assert.NotEqual("", place.Drops());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string[] Play(TransparencyPlace place, int first, int count, Action<DialogueKind, string[]>? eachKind = null) => [.. Enum.GetValues<DialogueKind>().SelectMany(kind =>
    {
        var lines = Play(place, kind, first, count);
        eachKind?.Invoke(kind, lines);
        return lines;
    })];

    private static string[] Play(TransparencyPlace place, DialogueKind kind, int first, int count, int patience = Dialogue.Patience)
    {
        var dialogues = Enumerable.Range(first, count).SelectMany(n => new[] { new Dialogue(kind, false, n), new Dialogue(kind, true, n) }).ToArray();
        var lines = new string[dialogues.Length];
        place.Relay.Bad = kind == DialogueKind.BadWire;
        // The first of each version brings the cookie for the others.
        var ahead = kind == DialogueKind.FastOpen ? 2 : 0;
        for (var n = 0; n < ahead; n++) lines[n] = dialogues[n].Play(place, patience, () => { });
        // A path of one's own for each: the wire has one length at a time.
        Parallel.For(ahead, dialogues.Length, new() { MaxDegreeOfParallelism = kind == DialogueKind.PathMtu ? 1 : AtOnce },
            n => lines[n] = dialogues[n].Play(place, patience, kind == DialogueKind.PathMtu ? () => place.Relay.Mtu = 1490 - n : () => { }));
        place.Relay.Bad = false;
        return lines;
    }
}
