namespace Sleigh.Cli.Images;

/// <summary>What an image says of itself.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Architecture">In Go's words: <c>amd64</c>, <c>arm64</c>.</param>
/// <param name="Created">When it was made.</param>
/// <param name="CreatedBy">How it was made.</param>
internal sealed record OciImage(string Name, string Architecture, DateTimeOffset Created, string CreatedBy);
