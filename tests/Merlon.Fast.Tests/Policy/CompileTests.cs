using System.Text;
using Merlon.Policy.Compile;
using Merlon.Policy.Model;
using Xunit;

namespace Merlon.Fast.Tests.Policy;

/// <summary>Policy and inventory to tables: what is told apart, what is one, and what each cell says. One file, one .expected on a screen.</summary>
public class CompileTests
{
    public static TheoryData<string> Files => CaseFolder.Files("compile");

    [Theory]
    [MemberData(nameof(Files))]
    public void A_policy_compiles_to_its_tables(string file)
    {
        var scene = new Scene(CaseFolder.Read(file));
        CaseFolder.Expect(Path.ChangeExtension(file, ".expected"), scene.Compiled.Image is { } image ? Text(scene, image) : string.Join('\n', scene.Compiled.Errors) + "\n");
    }

    private static string Text(Scene scene, HostImage image)
    {
        var (text, reader, stats) = (new StringBuilder(), new ImageReader(image.Words), image.Stats);
        text.AppendLine(FormattableString.Invariant($"{stats.RemoteClasses} remote classes, {stats.ServiceClasses} service classes, {stats.Rulesets} rulesets, {stats.Cells} cells, {stats.V6Lengths} IPv6 lengths"));
        for (var i = 0; i < image.Nics.Length; i++)
        {
            var at = reader.Nic(i);
            var locals = Enumerable.Range(0, (int)reader.Word(at + 2)).Select(l => $", class {reader.Word(at + 3 + 2 * (uint)l)} {Pair(reader.Word(at + 4 + 2 * (uint)l))}");
            text.AppendLine($"{scene.Inventory.Find(image.Nics[i].Key)!.Vm.Name}: class {reader.Word(at) >> 32} {Pair(reader.Word(at + 1))}{string.Concat(locals)}{(image.Nics[i].Problem is { } problem ? ": " + problem : "")}");
        }
        for (var ruleset = 0u; ruleset < stats.Rulesets; ruleset++)
        {
            text.AppendLine(FormattableString.Invariant($"ruleset {ruleset}"));
            for (var remote = 0u; remote < stats.RemoteClasses; remote++)
                text.AppendLine($"  class {remote}: {string.Join(" | ", Enumerable.Range(0, stats.ServiceClasses).Select(s => Cell(image, reader.Cell(ruleset, remote, (uint)s))))}");
        }
        return text.ToString();
    }

    private static string Pair(ulong rulesets) => $"out {(uint)rulesets} in {rulesets >> 32}";

    private static string Cell(HostImage image, ulong cell) => (uint)cell == (uint)(cell >> 32) ? Half(image, (uint)cell) : $"{Half(image, (uint)cell)} (observed: {Half(image, (uint)(cell >> 32))})";

    private static string Half(HostImage image, uint half)
    {
        var rule = half & ImageLayout.CellRuleMask;
        return $"{((Verdict)(half >> ImageLayout.CellVerdictShift & 15)).ToString().ToLowerInvariant()} {(rule == ImageLayout.CellRuleDefault ? "default" : image.Rules[(int)rule].Rule)}{((half & ImageLayout.CellLog) != 0 ? " log" : "")}";
    }
}
