namespace Sleigh.Runtime.Records;

/// <summary>What an image says about how commands start in it.</summary>
internal sealed record ImageSettings(IReadOnlyList<string> Env, string? WorkingDirectory, string? User);
