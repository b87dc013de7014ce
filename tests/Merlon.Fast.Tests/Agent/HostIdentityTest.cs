using Merlon.Agent;
using Xunit;

namespace Merlon.Fast.Tests.Agent;

/// <summary>Under which UUID a host greets its controller.</summary>
public sealed class HostIdentityTest : IDisposable
{
    private const string One = "00000000-0000-4000-8000-000000000001", Two = "00000000-0000-4000-8000-000000000002";
    private readonly string _folder = Directory.CreateTempSubdirectory("merlon-test-").FullName;

    [Fact]
    public void With_libvirt_it_waits_for_its_word_and_the_next_agent_knows_it_at_once()
    {
        var identity = new HostIdentity(_folder, hasLibvirt: true);
        Assert.False(identity.Settled.IsCompleted);
        identity.Learn(One);
        Assert.Equal((true, One), (identity.Settled.IsCompleted, identity.Uuid));
        identity.Keep();
        var next = new HostIdentity(_folder, hasLibvirt: true);
        Assert.Equal((true, One), (next.Settled.IsCompleted, next.Uuid));
    }

    [Fact]
    public void What_a_controller_has_heard_stays_whatever_libvirt_says_later()
    {
        var identity = new HostIdentity(_folder, hasLibvirt: true);
        identity.Learn(null);
        var machine = identity.Uuid;
        Assert.True(identity.Settled.IsCompleted);
        identity.Keep();
        identity.Learn(Two);
        Assert.Equal((machine, machine), (identity.Uuid, new HostIdentity(_folder, hasLibvirt: true).Uuid));
    }

    [Fact]
    public void What_nobody_has_heard_does_not_bind()
    {
        var identity = new HostIdentity(_folder, hasLibvirt: true);
        identity.Learn(One);
        identity.Learn(Two);
        Assert.Equal(Two, identity.Uuid);
        Assert.NotEqual(Two, new HostIdentity(_folder, hasLibvirt: false).Uuid);
    }

    [Fact]
    public void A_damaged_file_counts_as_none()
    {
        File.WriteAllText(Path.Combine(_folder, "host-uuid"), "../../etc/passwd");
        Assert.False(new HostIdentity(_folder, hasLibvirt: true).Settled.IsCompleted);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
