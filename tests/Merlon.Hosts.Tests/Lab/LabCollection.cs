using Xunit;

namespace Merlon.Hosts.Tests.Lab;

/// <summary>Tests on the lab's VMs run one after the other, beside tests of other things: they stop, plug and flood what the others measure.</summary>
[CollectionDefinition(Name)]
public sealed class LabCollection : ICollectionFixture<LabHost>
{
    public const string Name = "lab";
}
