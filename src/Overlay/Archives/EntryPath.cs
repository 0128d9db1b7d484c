using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>The path of an archive's member: relative, and never upwards.</summary>
internal static class EntryPath
{
    /// <summary>Its names; none for the directory that is extracted to.</summary>
    /// <exception cref="TreeFileException">It is absolute, or has a part <c>..</c>.</exception>
    public static KernelPath[] Parts(KernelPath path, string entry)
    {
        ReadOnlySpan<byte> bytes = path.Bytes;
        if (bytes.StartsWith("/"u8))
        {
            throw TreeFileException.Refused(entry, "its name or link target is absolute");
        }

        var parts = new List<KernelPath>();
        foreach (Range range in bytes.Split((byte)'/'))
        {
            ReadOnlySpan<byte> part = bytes[range];
            if (part.SequenceEqual(".."u8))
            {
                throw TreeFileException.Refused(entry, "its name or link target leads upwards with '..'");
            }

            if (!part.IsEmpty && !part.SequenceEqual("."u8))
            {
                parts.Add(KernelPath.FromBytes(part));
            }
        }

        return [.. parts];
    }

    /// <summary>One path again.</summary>
    public static KernelPath Join(ReadOnlySpan<KernelPath> parts)
    {
        KernelPath path = default;
        foreach (KernelPath part in parts)
        {
            path = path.Join(part);
        }

        return path;
    }
}
