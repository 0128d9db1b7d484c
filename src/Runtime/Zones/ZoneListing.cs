namespace Sleigh.Runtime;

/// <summary>What lies right below the root of a zone.</summary>
/// <param name="Root">The root as the operator has set it.</param>
/// <param name="Entries">The root first, then its directories in the order of their bytes.</param>
/// <param name="Omitted">How many there are beyond those.</param>
public sealed record ZoneListing(string Root, IReadOnlyList<ZoneEntry> Entries, int Omitted);

/// <summary>One directory of a zone.</summary>
/// <param name="Path"><c>/</c> for the root, else <c>/name</c>.</param>
/// <param name="Note">What its <c>env_readme.md</c> says, as <see cref="NoteText.Of"/> cuts it; null without one.</param>
/// <param name="IsNoteCut">Whether that was cut.</param>
public sealed record ZoneEntry(string Path, string? Note = null, bool IsNoteCut = false);
