namespace Sleigh.Containerd;

/// <summary>What one import or pull has used of its limits. Layers may be counted by many callers at once.</summary>
internal sealed class ImportBudget
{
    private readonly Lock _lock = new();
    private int _archiveMembers;
    private long _unpackedBytes;
    private int _files;

    public ImportBudget(ImageLimits limits)
    {
        Limits = limits;
    }

    public ImageLimits Limits { get; }

    /// <summary>Bytes that layers may still take on disk.</summary>
    public long UnpackedBytesLeft => Limits.MaxUnpackedBytes - _unpackedBytes;

    public void AddArchiveMember(string name, long size)
    {
        _archiveMembers++;
        if (_archiveMembers > Limits.MaxMembers)
        {
            throw new ImageException(ImageErrorKind.TooLarge, $"the archive holds more than the limit of {Limits.MaxMembers} members");
        }

        if (size > Limits.MaxMemberBytes)
        {
            throw new ImageException(
                ImageErrorKind.TooLarge, $"the archive's member '{name}' has {size} bytes, more than the limit of {Limits.MaxMemberBytes}");
        }
    }

    /// <summary>Counts a whole layer.</summary>
    /// <exception cref="ImageException">TooLarge.</exception>
    public void AddLayer(string what, long bytes, int files)
    {
        lock (_lock)
        {
            CheckLayer(what, bytes, files);
            _unpackedBytes += bytes;
            _files += files;
        }
    }

    /// <summary>Whether a layer of that size may be added.</summary>
    public void CheckLayer(string what, long bytes, int files)
    {
        if (bytes > UnpackedBytesLeft)
        {
            throw new ImageException(ImageErrorKind.TooLarge, $"{what} brings the layers to more than the limit of {Limits.MaxUnpackedBytes} bytes");
        }

        if (_files + files > Limits.MaxFiles)
        {
            throw new ImageException(ImageErrorKind.TooLarge, $"{what} brings the layers to more than the limit of {Limits.MaxFiles} files");
        }
    }
}
