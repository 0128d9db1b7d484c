using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>A directory of a layer being written: the names that it has in the uppers, one after the other.</summary>
/// <param name="path">From the root on; empty for the root.</param>
/// <param name="uppers">Those that have it, by their place, uppermost first.</param>
/// <param name="isOpaque">Whether it, or a directory above it, shows nothing of the image.</param>
internal sealed class LayerLevel(KernelPath path, IReadOnlyList<int> uppers, bool isOpaque) : IDisposable
{
    private int _at;
    private ArchivedDirectory? _reading;

    public KernelPath Path { get; } = path;

    public IReadOnlyList<int> Uppers { get; } = uppers;

    public bool IsOpaque { get; } = isOpaque;

    /// <summary>The uppers above the one that the last name is of.</summary>
    public IEnumerable<int> Above => Uppers.Take(_at);

    /// <summary>The next name; null behind the last one.</summary>
    /// <param name="directories">All uppers.</param>
    /// <exception cref="KernelException">One has gone.</exception>
    public KernelPath? Next(IReadOnlyList<SafeFileHandle> directories)
    {
        for (; _at < Uppers.Count; _at++)
        {
            SafeFileHandle upper = directories[Uppers[_at]];
            _reading ??= Open(upper);
            if (_reading.Next(upper) is DirectoryEntry entry)
            {
                return entry.Name;
            }

            _reading.Dispose();
            _reading = null;
        }

        return null;
    }

    /// <summary>Gives the descriptor back until the walk returns here.</summary>
    public void Close() => _reading?.Close();

    public void Dispose() => _reading?.Dispose();

    private ArchivedDirectory Open(SafeFileHandle upper)
    {
        using SafeFileHandle directory = Files.Open(
            upper, Path.IsEmpty ? "." : Path, OpenFlags.PathOnly | OpenFlags.Directory, TreePlace.Inside);
        return ArchivedDirectory.Open(directory, Path, Path);
    }
}
