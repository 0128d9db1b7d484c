using System.Formats.Tar;

namespace Sleigh.Cli.Copy;

/// <summary>Tells files from pipes, sockets and devices without opening them: to open a pipe would wait for its other end.</summary>
internal static class SpecialFiles
{
    // In a tar's header (POSIX ustar) the type stands here.
    private const int TypeOffset = 156;

    /// <summary>Whether a path that has no length is an empty file.</summary>
    /// <remarks>Only the tar writer of .NET shows what kind a file is; of an empty one it writes a header and nothing else.</remarks>
    public static bool IsRegular(string path)
    {
        using var header = new MemoryStream();
        try
        {
            using var tar = new TarWriter(header, TarEntryFormat.Gnu, leaveOpen: true);
            tar.WriteEntry(path, "x");
        }
        catch (IOException) when (File.Exists(path))
        {
            // A socket has no place in a tar.
            return false;
        }

        return header.GetBuffer()[TypeOffset] == (byte)TarEntryType.RegularFile;
    }
}
