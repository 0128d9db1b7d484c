namespace Sleigh.Runtime.Options;

/// <summary>Section <c>pool</c>: containers started ahead of demand.</summary>
public sealed record PoolOptions
{
    /// <summary>Key <c>pool.image</c>: the image of a create call that names none.</summary>
    public string Image { get; init; } = "python:3.11-slim";

    /// <summary>Key <c>pool.size</c>: how many are kept ready; 0: none.</summary>
    public int Size { get; init; } = 1;
}
