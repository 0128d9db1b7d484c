namespace Sleigh.Runtime;

/// <summary>A file that was written.</summary>
/// <param name="Bytes">Its size.</param>
/// <param name="Created">Whether there was no file before.</param>
/// <param name="Mode">Permission bits with setuid, setgid and sticky.</param>
/// <param name="UserId">Owner.</param>
/// <param name="GroupId">Group.</param>
public sealed record FileWritten(long Bytes, bool Created, int Mode, uint UserId, uint GroupId);
