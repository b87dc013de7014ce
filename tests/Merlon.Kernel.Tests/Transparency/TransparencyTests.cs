using System.Globalization;
using Merlon.Hosts.Tests.Hosts;
using Merlon.Kernel.Tests.Packets;
using Xunit;

namespace Merlon.Kernel.Tests.Transparency;

/// <summary>A stateful policy that allows everything must be invisible: real stacks see the same bytes and the same ends with and without
/// it, and no packet is dropped. `./dev long transparency` plays 200 connections of each kind and version.</summary>
public sealed class TransparencyTests
{
    private const int AtOnce = 6;

    [Fact, Trait("long", "transparency")]
    public void Valid_connections_pass_as_if_nothing_were_there()
    {
        var evidence = new Evidence("transparency");
        evidence.Batches(brief: 5, full: 200, batch: 50, (first, count) =>
        {
            using var guarded = new TransparencyPlace(guarded: true, first);
            using var bare = new TransparencyPlace(guarded: false, first);
            var seen = Play(guarded, first, count, eachKind: kind => Assert.True(guarded.Drops() is "", $"{kind} from {first} on: {guarded.Drops()}"));
            Assert.Equal(Play(bare, first, count), seen);
            var wire = guarded.Relay.Counts;
            var fast = guarded.Web.TcpExt("TCPFastOpenActive");
            Assert.True(wire is { Lost: > 0, Repeated: > 0, Reordered: > 0, TooLong: > 0 } && fast > 0, $"the wire did {wire}, {fast} fast openings");
            return [("connections", seen.Length), ("lost", wire.Lost), ("repeated", wire.Repeated), ("reordered", wire.Reordered), ("tooLongForThePath", wire.TooLong), ("fastOpenings", fast),
                ("dropped", 0)];
        });
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

    private static string[] Play(TransparencyPlace place, int first, int count, Action<DialogueKind>? eachKind = null) => [.. Enum.GetValues<DialogueKind>().SelectMany(kind =>
    {
        var lines = Play(place, kind, first, count);
        eachKind?.Invoke(kind);
        return lines;
    })];

    private static string[] Play(TransparencyPlace place, DialogueKind kind, int first, int count, int patience = Dialogue.Patience)
    {
        var dialogues = Enumerable.Range(first, count).SelectMany(n => new[] { new Dialogue(kind, false, n), new Dialogue(kind, true, n) }).ToArray();
        var lines = new string[dialogues.Length];
        place.Relay.Bad = kind == DialogueKind.BadWire;
        // A path of one's own for each: the wire has one length at a time.
        Parallel.For(0, dialogues.Length, new() { MaxDegreeOfParallelism = kind == DialogueKind.PathMtu ? 1 : AtOnce },
            n => lines[n] = dialogues[n].Play(place, patience, kind == DialogueKind.PathMtu ? () => place.Relay.Mtu = 1490 - n : () => { }));
        place.Relay.Bad = false;
        return lines;
    }
}
