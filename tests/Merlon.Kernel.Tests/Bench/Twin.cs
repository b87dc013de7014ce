using System.Reflection;
using System.Runtime.CompilerServices;

namespace Merlon.Kernel.Tests.Bench;

/// <summary>Layout of a C# struct as the runtime lays it out.</summary>
public static class Twin
{
    public static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    /// <summary>Field offsets, found by the runtime's own sizes and alignments: sequential structs of unmanaged fields.</summary>
    public static IEnumerable<(string Name, int Offset)> FieldsOf(Type type)
    {
        var at = 0;
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(f => f.MetadataToken))
        {
            var align = AlignmentOf(field.FieldType);
            at = (at + align - 1) / align * align;
            yield return (field.Name, at);
            at += SizeOf(field.FieldType);
        }
    }

    /// <summary>snake_case, PascalCase and _camelCase become one.</summary>
    public static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    private static int AlignmentOf(Type type)
    {
        if (type.IsEnum) return SizeOf(type);
        var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        return type.IsPrimitive || fields.Length == 0 ? SizeOf(type) : fields.Max(f => AlignmentOf(f.FieldType));
    }
}
