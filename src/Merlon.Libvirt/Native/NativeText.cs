using System.Runtime.InteropServices;

namespace Merlon.Libvirt.Native;

/// <summary>Turns strings that libvirt returns into .NET strings, freeing those that the caller owns.</summary>
internal static unsafe class NativeText
{
    internal static string? Borrowed(byte* text) => Marshal.PtrToStringUTF8((nint)text);

    internal static string? Owned(byte* text)
    {
        if (text is null)
            return null;
        try
        {
            return Marshal.PtrToStringUTF8((nint)text);
        }
        finally
        {
            NativeMemory.Free(text);
        }
    }
}
