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

        var next = new HostIdentity(_folder, hasLibvirt: true);
        Assert.Equal((true, One), (next.Settled.IsCompleted, next.Uuid));
        next.Learn(null);
        Assert.Equal(One, next.Uuid);
        next.Learn(Two);
        Assert.Equal(Two, new HostIdentity(_folder, hasLibvirt: true).Uuid);
    }

    [Fact]
    public void A_libvirt_that_does_not_answer_and_a_host_without_one_leave_the_machines_own()
    {
        var identity = new HostIdentity(_folder, hasLibvirt: true);
        identity.Learn(null);
        Assert.True(identity.Settled.IsCompleted);
        Assert.Equal(identity.Uuid, new HostIdentity(_folder, hasLibvirt: false).Uuid);
        new HostIdentity(_folder, hasLibvirt: true).Learn(One);
        Assert.NotEqual(One, new HostIdentity(_folder, hasLibvirt: false).Uuid);
    }

    [Fact]
    public void A_damaged_file_counts_as_none()
    {
        File.WriteAllText(Path.Combine(_folder, "host-uuid"), "../../etc/passwd");
        Assert.False(new HostIdentity(_folder, hasLibvirt: true).Settled.IsCompleted);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
