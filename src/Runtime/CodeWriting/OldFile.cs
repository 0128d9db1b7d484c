namespace Sleigh.Runtime.CodeWriting;

/// <summary>A file as it was before a write.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Mode">Permission bits with setuid, setgid and sticky.</param>
/// <param name="UserId">Owner.</param>
/// <param name="GroupId">Group.</param>
internal sealed record OldFile(byte[] Content, int Mode, uint UserId, uint GroupId);
