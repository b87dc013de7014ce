namespace Merlon.Kernel.Tests.Bench;

/// <summary>Packets of the shop, in any world that its VMs are in.</summary>
internal static class ShopPackets
{
    /// <summary>A packet of web's to db.</summary>
    public static Packet WebToDb(this World shop, bool v6 = false) =>
        new(v6 ? shop["web"].V6 : shop["web"].V4, v6 ? shop["db"].V6 : shop["db"].V4) { SourceMac = shop["web"].Mac, DestinationMac = shop["db"].Mac };

    public static Packet WebToOutside(this World shop, bool v6 = false) =>
        new(v6 ? shop["web"].V6 : shop["web"].V4, v6 ? Shop.OutsideV6 : Shop.OutsideV4) { SourceMac = shop["web"].Mac, DestinationMac = Shop.Router, DestinationPort = 443 };

    public static Packet OutsideToDb(this World shop, bool v6 = false) =>
        new(v6 ? Shop.OutsideV6 : Shop.OutsideV4, v6 ? shop["db"].V6 : shop["db"].V4) { SourceMac = Shop.Router, DestinationMac = shop["db"].Mac, DestinationPort = 8080 };
}
