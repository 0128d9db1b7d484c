namespace Sleigh.Runtime.Options;

/// <summary>Section <c>pool</c>: containers started ahead of demand.</summary>
public sealed record PoolOptions
{
    /// <summary>The largest size where nothing else is said.</summary>
    public const int UsualLargestSize = 16;

    /// <summary>Key <c>pool.image</c>: the image of a create call that names none.</summary>
    public string Image { get; init; } = "python:3.11-slim";

    /// <summary>Key <c>pool.size</c>: how many are kept ready at least; 0: none at all.</summary>
    public int Size { get; init; } = 1;

    /// <summary>Key <c>pool.max_size</c>: how many demand can ask for; 0: demand does not count; null (written <c>auto</c>): 16, or the size if that is more.</summary>
    public int? MaxSize { get; init; }

    /// <summary>The most that are kept ready.</summary>
    public int LargestSize => Size == 0 ? 0 : Math.Max(Size, MaxSize ?? UsualLargestSize);
}
