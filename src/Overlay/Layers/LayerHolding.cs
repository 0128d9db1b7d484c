namespace Sleigh.Overlay;

/// <summary>What a layer was found to hold.</summary>
/// <param name="Bytes">Blocks of its files.</param>
/// <param name="Files">Its files and directories; one with several names is one.</param>
public readonly record struct LayerHolding(long Bytes, long Files)
{
    /// <summary>What is compared with a limit of bytes: so many files count as if each had some, as <see cref="LayerFiles"/> says.</summary>
    public long Counted => Math.Max(Bytes, Files * LayerFiles.BytesPerFile);
}
