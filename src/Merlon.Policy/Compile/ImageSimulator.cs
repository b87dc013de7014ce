using Merlon.Policy.Model;

namespace Merlon.Policy.Compile;

/// <summary>Reads the words of an image exactly as the kernel program does (datapath/policy.h), and nothing else.</summary>
public static class ImageSimulator
{
    /// <summary>What one guarded vNIC says to a packet. A word that points outside the image is a deny, as in the kernel.</summary>
    public static SideVerdict Judge(HostImage image, in ImagePacket packet) => throw new NotImplementedException();

    /// <summary>Class of a packet's source as its own vNIC knows it: an address it owns, else its identity alone.</summary>
    public static int SourceClass(HostImage image, int nic, int realm, Address source, bool owned) => throw new NotImplementedException();
}
