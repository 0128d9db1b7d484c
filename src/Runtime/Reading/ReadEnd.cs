namespace Sleigh.Runtime.Reading;

/// <summary>How a read command ended for its reader.</summary>
/// <param name="Ok">Whether it read what it was asked to; a search that found nothing did.</param>
/// <param name="ExitCode">Its status, 127 where the program is missing; null when there is none.</param>
/// <param name="Error">A sentence, where it is not ok.</param>
public sealed record ReadEnd(bool Ok, int? ExitCode, string? Error);
