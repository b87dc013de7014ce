using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>Reads the words of an image exactly as the kernel program does (datapath/policy.h), and nothing else.</summary>
public static class ImageSimulator
{
    /// <summary>What one guarded vNIC says to a packet; null when its Guard leaves that direction out.
    /// Throws <see cref="ImageFaultException"/> when the image points outside itself, where the kernel drops.</summary>
    /// <param name="role">As it was agreed with the other end.</param>
    public static SideVerdict? Judge(HostImage image, in ImagePacket packet, UntrackedRole role = UntrackedRole.None)
    {
        var reader = new ImageReader(image.Words);
        var nic = reader.Nic(packet.Nic);
        var flags = (uint)reader.Word(nic);
        if ((flags & (packet.Direction == Direction.Out ? ImageLayout.GuardOut : ImageLayout.GuardIn)) == 0) return null;
        if (role == (packet.Direction == Direction.Out ? UntrackedRole.Serves : UntrackedRole.Asks)) return SideVerdict.Reversed((flags & ImageLayout.Observe) != 0);
        var rulesets = Rulesets(reader, nic, packet);
        var remote = (uint?)packet.RemoteClass ?? reader.ClassOf(packet.Realm, packet.Remote);
        var kind = ImageLayout.KindOf(packet.Protocol);
        var service = reader.ServiceClass(kind, kind == ImageLayout.KindOther ? packet.Protocol : packet.DestinationPort, packet.SourcePort);
        var cell = reader.Cell((uint)(packet.Direction == Direction.Out ? rulesets : rulesets >> 32), remote, service);
        var (active, rule) = Half(image, (uint)cell);
        var (candidate, candidateRule) = Half(image, (uint)(cell >> 32));
        var observes = (flags & ImageLayout.Observe) != 0 && active != Verdict.Allow;
        return new(observes ? Verdict.Allow : active, observes ? null : rule, candidate, candidateRule) { Untracked = role != UntrackedRole.None };
    }

    /// <summary>What a vNIC is to a TCP packet between these ports that needs no connection.</summary>
    public static UntrackedRole Role(HostImage image, int nic, int ownPort, int otherPort)
    {
        var reader = new ImageReader(image.Words);
        return reader.Role(reader.Nic(nic), ownPort, otherPort);
    }

    /// <summary>Class of a packet's source as its own vNIC knows it: an address it owns, else its identity alone.</summary>
    public static int SourceClass(HostImage image, int nic, int realm, Address source, bool owned)
    {
        var reader = new ImageReader(image.Words);
        return (int)(owned ? reader.ClassOf(realm, source) : (uint)(reader.Word(reader.Nic(nic)) >> 32));
    }

    private static ulong Rulesets(ImageReader reader, uint nic, in ImagePacket packet)
    {
        if (packet.LocalOwned)
        {
            var own = reader.ClassOf(packet.Realm, packet.Local);
            var locals = reader.Word(nic + 2);
            for (var i = 0u; i < locals && i < ImageLimits.NicLocals; i++)
                if ((uint)reader.Word(nic + 3 + 2 * i) == own) return reader.Word(nic + 4 + 2 * i);
        }
        return reader.Word(nic + 1);
    }

    private static (Verdict, RuleRef) Half(HostImage image, uint half)
    {
        var rule = half & ImageLayout.CellRuleMask;
        return ((Verdict)(half >> ImageLayout.CellVerdictShift & 15), rule == ImageLayout.CellRuleDefault ? RuleRef.Default : image.Rules[(int)rule]);
    }
}
