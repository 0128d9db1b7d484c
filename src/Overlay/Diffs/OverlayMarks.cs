using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// What overlayfs writes into attributes of a layer's files (fs/overlayfs/overlayfs.h, Linux 6.18). A sandbox cannot: inside it the
/// kernel shows it other names.
/// </summary>
internal static class OverlayMarks
{
    private const int HeaderBytes = 21; // struct ovl_fb: version, magic, len, flags, type, uuid
    private const byte Magic = 0xFB;
    private const byte PathUpper = 4;

    /// <summary>Whether a directory hides those below it.</summary>
    public static bool IsOpaque(SafeFileHandle directory) => ExtendedAttributes.Get(directory, "trusted.overlay.opaque").AsSpan().SequenceEqual("y"u8);

    /// <summary>Where a directory is in the layers below: a name in the same parent, or a path from the root on.</summary>
    public static KernelPath? Redirect(SafeFileHandle directory) =>
        ExtendedAttributes.Get(directory, "trusted.overlay.redirect") is { Length: > 0 } value && !value.Contains((byte)0) ? KernelPath.FromBytes(value) : (KernelPath?)null;

    /// <summary>The handle of the lower file that a file was copied up from, as <see cref="Files.TryGetHandle"/> gives it.</summary>
    public static byte[]? Origin(SafeFileHandle file)
    {
        byte[]? value = ExtendedAttributes.Get(file, "trusted.overlay.origin");
        if (value is not { Length: > HeaderBytes } || value[0] != 0 || value[1] != Magic || value[2] != value.Length || (value[3] & PathUpper) != 0)
        {
            return null;
        }

        byte[] handle = new byte[4 + value.Length - HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(handle, value[4]);
        value.AsSpan(HeaderBytes).CopyTo(handle.AsSpan(4));
        return handle;
    }
}
