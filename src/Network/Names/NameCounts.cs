namespace Sleigh.Network;

/// <summary>What of a sandbox's questions for names was not answered as it could have been, since the daemon's start.</summary>
/// <param name="Refused">Questions for names that its policy does not allow.</param>
/// <param name="Withheld">Addresses that were left out of answers: protected ones, and those that were too many.</param>
public readonly record struct NameCounts(long Refused, long Withheld);
