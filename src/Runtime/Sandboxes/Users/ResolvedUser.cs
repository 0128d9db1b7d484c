namespace Sleigh.Runtime;

/// <summary>Who a command runs as inside a sandbox.</summary>
/// <param name="Uid">User id.</param>
/// <param name="Gid">Primary group.</param>
/// <param name="Groups">Supplementary groups.</param>
/// <param name="Home">Home directory; <c>/</c> when the image names none.</param>
/// <param name="Name">The user's name; null when the image names none.</param>
public sealed record ResolvedUser(uint Uid, uint Gid, IReadOnlyList<uint> Groups, string Home, string? Name);
