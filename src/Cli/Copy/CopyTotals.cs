namespace Sleigh.Cli.Copy;

/// <summary>What a copy has carried.</summary>
internal sealed class CopyTotals
{
    private readonly List<string> _skipped = [];

    /// <summary>Files, links and directories.</summary>
    public long Members { get; set; }

    /// <summary>Bytes of files.</summary>
    public long Bytes { get; set; }

    /// <summary>What cannot be copied: devices, pipes, sockets. At most a few names are kept.</summary>
    public IReadOnlyList<string> Skipped => _skipped;

    /// <summary>How many were skipped.</summary>
    public long SkippedCount { get; private set; }

    /// <summary>Notes one that cannot be copied.</summary>
    public void Skip(string name)
    {
        SkippedCount++;
        if (_skipped.Count < 3)
        {
            _skipped.Add(name);
        }
    }
}
