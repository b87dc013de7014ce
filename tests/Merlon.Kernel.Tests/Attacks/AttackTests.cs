using System.Globalization;
using Merlon.Kernel.Tests.Packets;
using Xunit;

namespace Merlon.Kernel.Tests.Attacks;

/// <summary>Attacks on real stacks through the attached program: none has a success, each is counted under its reason.</summary>
public sealed class AttackTests(AttackPlace place) : IClassFixture<AttackPlace>
{
    public static TheoryData<string> Names => [.. AttackRows.All.Select(r => r.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void No_attack_has_a_success(string name)
    {
        var success = place.Play(AttackRows.All.Single(r => r.Name == name));
        Assert.True(success is null, success);
    }
}

/// <summary>The control: the same attacks where what stops them is switched off. Each must be seen to succeed, or its row proves nothing.</summary>
public sealed class AttackControlTests
{
    private static readonly Fault[] s_own =
    [
        new("attacks", "what no rule allows passes", "admit.h", "return w->judgement.passes ? 0 : refuse(w);", "return 0;", default),
        new("attacks", "a packet may come from its own addressee", "firewall.bpf.c", "if (same16(p->source, p->destination))", "if (0)", default),
    ];

    private static readonly (string Subject, string Name)[] s_windows =
    [
        ("windows", "the upper bound is not checked"), ("windows", "the lower bound is not checked"), ("windows", "acknowledgements are not checked"),
        ("icmp-errors", "the quoted number is not asked"), ("rst-syn-challenge", "a blind SYN replaces the connection at once"),
    ];

    private static readonly (string Subject, string Name)[] s_headers =
    [
        ("vlan", "every tag may be used"), ("vlan", "every EtherType passes"), ("icmp-errors", "every error passes"), ("fragments-v4", "later fragments pass unasked"),
        ("fragments-v4", "a packet may be longer than a packet"), ("extension-headers", "type 0 routing passes"), ("extension-headers", "source routes pass"),
        ("rst-syn-challenge", "every flag set is valid"), ("rst-syn-challenge", "every TCP packet opens"), ("truncation", "SCTP's header is its ports"),
    ];

    [Fact]
    public void Without_window_checks_the_same_attacks_succeed() => Succeed(Control.Windows, s_windows);

    [Fact]
    public void A_credulous_reading_of_headers_lets_the_same_attacks_succeed() => Succeed(Control.Headers, s_headers, s_own);

    [Fact]
    public void Without_antiSpoof_the_same_attacks_succeed()
    {
        using var place = new AttackPlace();
        place.World.ChangePort("eve", p => p with { SpoofMac = 0, SpoofIpv4 = 0, SpoofIpv6 = 0, SpoofArp = 0, SpoofNd = 0, SpoofDhcp = 0, SpoofRa = 0 });
        Succeed(place, Control.AntiSpoof);
    }

    private static void Succeed(Control control, (string Subject, string Name)[] names, params Fault[] extra)
    {
        var folder = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"merlon-attacks-{Environment.ProcessId}-{control}"));
        try
        {
            var faults = Fault.ReadAll();
            using var place = new AttackPlace(Fault.Build(folder, [.. names.Select(n => faults.Single(f => f.Subject == n.Subject && f.Name == n.Name)), .. extra]));
            Succeed(place, control);
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    private static void Succeed(AttackPlace place, Control control)
    {
        var idle = new List<string>();
        foreach (var row in AttackRows.All.Where(r => r.Control == control))
        {
            if (place.Play(row) is null) idle.Add(row.Name);
            place.Forget();
        }
        Assert.Empty(idle);
    }
}
