using System.Globalization;
using Google.Protobuf.Reflection;
using Merlon.Agent.Migration.Connections;
using Merlon.Contracts.Wire;
using Merlon.Datapath.Abi;
using Merlon.Fast.Tests.Policy;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Architecture;

/// <summary>Numbers that lie on disks, in kernels and on wires mean for ever what they mean now: the list only grows.
/// <c>UPDATE_EXPECTED=1</c> adds what is new and takes nothing away.</summary>
public class StoredNumbersTests
{
    private const string List = "tests/Merlon.Fast.Tests/Architecture/stored-numbers.txt";

    private static readonly Type[] s_enums =
    [
        typeof(Tier), typeof(RuleAction), typeof(Enforcement), typeof(Direction), typeof(OnFailure), typeof(SpoofCheck), typeof(LogLevel), typeof(Verdict),
        typeof(Reason), typeof(ConnState), typeof(EventType), typeof(Counter), typeof(ImageWord),
        typeof(ConnFlags), typeof(PortFlags), typeof(EventFlags), typeof(ControlFlags), typeof(WayFlags), typeof(LearnBy), typeof(CarriedFlags),
    ];

    [Fact]
    public void What_is_stored_or_sent_only_grows()
    {
        var now = s_enums.SelectMany(Values).Concat(new[] { HostPolicyReflection.Descriptor, LinkReflection.Descriptor }.SelectMany(Fields)).ToList();
        var pinned = Tree.Read(List).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(now.Count > 150);
        Assert.Empty(pinned.Except(now));
        CaseFolder.Expect(List, string.Concat(pinned.Concat(now.Except(pinned)).Select(line => line + "\n")));
    }

    private static IEnumerable<string> Values(Type type) =>
        Enum.GetNames(type).Select(n => $"{type.Name}.{n} = {Convert.ToInt64(Enum.Parse(type, n), CultureInfo.InvariantCulture)}");

    private static IEnumerable<string> Fields(FileDescriptor file) =>
        file.MessageTypes.SelectMany(m => m.Fields.InDeclarationOrder().Select(f => $"{m.Name}.{f.Name} = {f.FieldNumber} {(f.IsRepeated ? "repeated " : "")}{Type(f)}"));

    private static string Type(FieldDescriptor field) =>
        field.IsMap ? "map" : field.FieldType == FieldType.Message ? field.MessageType.Name : field.FieldType.ToString().ToLowerInvariant();
}
