using System.Collections.Immutable;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;

namespace Merlon.Policy.Analyze;

/// <summary>The difference on one line, as boxes.</summary>
internal sealed class LineDiff(Ground ground, AddressLine line, Lazy<Resolve.Membership> membership)
{
    private readonly Numbering<int> _serviceSets = new();
    private readonly Dictionary<(ChangeKind Kind, Answer Before, Answer After, int Services), List<PairChange>> _boxes = [];
    private readonly (int Protocol, int Destination, int Source)?[] _samples = ground.Samples(line.Family);

    public IEnumerable<TrafficChange> Changes()
    {
        foreach (var (from, to) in new AffectedPairs(ground, line).All())
            if (Meeting(from, to) is not null) Compare(from, to);
        if (_boxes.Count == 0) yield break;
        var names = new EndNames(line, ground.After, membership.Value, ground.Prefixes(line.Family));
        foreach (var (key, pairs) in _boxes)
            foreach (var box in PairBoxes.Of(pairs, p => p.From, p => p.To)) yield return Change(names, key, box);
    }

    private void Compare(int from, int to)
    {
        var (source, target) = (line.Classes[from], line.Classes[to]);
        var found = new Dictionary<(ChangeKind Kind, Answer Before, Answer After), PairChange>();
        for (var service = 0; service < _samples.Length; service++)
        {
            if (_samples[service] is null) continue;
            var before = ground.Judge(ground.Before, source.Before, target.Before, line.Family, target.Group, service);
            var after = ground.Judge(ground.After, source.After, target.After, line.Family, target.Group, service);
            var (old, now) = (Answer.Of(before), Answer.Of(after));
            if (old == now) continue;
            var kind = (Passes(before), Passes(after)) switch { (false, true) => ChangeKind.Opened, (true, false) => ChangeKind.Closed, _ => ChangeKind.Changed };
            if (!found.TryGetValue((kind, old, now), out var pair)) found.Add((kind, old, now), pair = new(from, to));
            pair.Add(service, ChangedAt(kind, before, after), before, after);
        }
        foreach (var (key, pair) in found)
        {
            var services = ground.Filled(pair.Services, line.Family, target.Group, source.Before.Out >= 0 || source.After.Out >= 0, target.Before.In >= 0 || target.After.In >= 0);
            var box = (key.Kind, key.Before, key.After, _serviceSets.Of(services));
            if (!_boxes.TryGetValue(box, out var pairs)) _boxes.Add(box, pairs = []);
            pairs.Add(pair);
        }
    }

    private static bool Passes((Side Out, Side In) sides) => sides.Out.Passes && sides.In.Passes;

    /// <summary>The end that kept it closed, that closes it now, or that answers otherwise.</summary>
    private static Direction ChangedAt(ChangeKind kind, (Side Out, Side In) before, (Side Out, Side In) after) => kind switch
    {
        ChangeKind.Opened => before.Out.Passes ? Direction.In : Direction.Out,
        ChangeKind.Closed => after.Out.Passes ? Direction.In : Direction.Out,
        _ when Side.Flow(before.Out, before.In) == Side.Flow(after.Out, after.In) => before.In.Untracked != after.In.Untracked ? Direction.In : Direction.Out,
        _ => before.Out.Verdict != after.Out.Verdict || !before.Out.Passes ? Direction.Out : Direction.In,
    };

    /// <summary>What both ends together say.</summary>
    private readonly record struct Answer(Verdict Verdict, bool Untracked)
    {
        public static Answer Of((Side Out, Side In) sides) => new(Side.Flow(sides.Out, sides.In), Side.IsUntracked(sides.Out, sides.In));
    }

    private TrafficChange Change(EndNames names, (ChangeKind Kind, Answer Before, Answer After, int Services) key, PairChange[] pairs)
    {
        return new(key.Kind, line.Realm, [line.Family],
            names.Of(pairs.Select(p => p.From).Distinct().SelectMany(c => line.Members[c]), senders: true),
            names.Of(pairs.Select(p => p.To).Distinct().SelectMany(c => line.Members[c]), senders: false),
            ground.Services.Name(_serviceSets[key.Services], line.Family),
            new(key.Before.Verdict, ground.Before.Names(pairs.SelectMany(p => p.RulesBefore)), key.Before.Untracked),
            new(key.After.Verdict, ground.After.Names(pairs.SelectMany(p => p.RulesAfter)), key.After.Untracked),
            Witness(pairs));
    }

    private Witness Witness(PairChange[] pairs)
    {
        var pair = pairs.MinBy(p => (line.Classes[p.From].Owned ? 0 : 1) + (line.Classes[p.To].Owned ? 0 : 1))!;
        var (from, to) = Meeting(pair.From, pair.To)!.Value;
        var at = pair.Services.Select((s, i) => (s, i)).MinBy(x => (Liking(_samples[x.s]!.Value.Protocol), _samples[x.s]!.Value.Destination)).i;
        var (packet, (direction, before, after)) = (_samples[pair.Services[at]]!.Value, pair.Ends[at]);
        return new(line.Realm, Some(line.Units[from]), Some(line.Units[to]), packet.Protocol, packet.Destination, packet.Source, direction,
            ground.Before.Name(before), ground.After.Name(after));
    }

    private (int From, int To)? Meeting(int from, int to) => line.Meeting(line.Members[from], line.Members[to]);

    private static int Liking(int protocol) => protocol switch { Protocols.Tcp => 0, Protocols.Udp => 1, Protocols.Sctp => 2, Protocols.Icmp or Protocols.Icmp6 => 3, _ => 4 };

    /// <summary>The second address of a run looks more like somebody's than the first.</summary>
    internal static Address Some(in AddressUnit unit) => unit.Low == unit.High ? unit.Low : unit.Low with { Bits = unit.Low.Bits + 1 };
}
