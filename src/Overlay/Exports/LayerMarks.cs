using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>The marks of a layer's tar (OCI image specification 1.1, layer.md): empty files whose names say what is not there any more.</summary>
internal static class LayerMarks
{
    /// <summary>Before the name of what was deleted.</summary>
    public static ReadOnlySpan<byte> Prefix => ".wh."u8;

    /// <summary>The mark that a file or directory of lower layers is gone.</summary>
    public static TarMember Deleted(KernelPath directory, KernelPath name) => Mark(directory, KernelPath.FromBytes([.. Prefix, .. name.Bytes]));

    /// <summary>The mark that a directory shows nothing of lower layers.</summary>
    public static TarMember Opaque(KernelPath directory) => Mark(directory, ".wh..wh..opq");

    private static TarMember Mark(KernelPath directory, KernelPath name) => new() { Kind = TarKind.File, Name = directory.Join(name) };
}
