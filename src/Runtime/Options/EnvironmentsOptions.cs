namespace Sleigh.Runtime.Options;

/// <summary>Section <c>environments</c>: directories that can be copied into sandboxes.</summary>
public sealed record EnvironmentsOptions
{
    /// <summary>Key <c>environments.root</c>; null: none.</summary>
    public string? Root { get; init; }
}
