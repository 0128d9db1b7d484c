namespace Sleigh.Runtime;

/// <summary>What was put back from a snapshot.</summary>
/// <param name="Restored">What the snapshot has, in the order asked for.</param>
/// <param name="Deleted">Paths that the snapshot does not have and that are gone now.</param>
/// <param name="Duration">The whole operation, with the wait for the turn.</param>
public sealed record FilesRestored(IReadOnlyList<RestoredFile> Restored, IReadOnlyList<string> Deleted, TimeSpan Duration);

/// <summary>One path that was put back.</summary>
/// <param name="Path">As it was asked for.</param>
/// <param name="Kind"><c>file</c>, <c>dir</c>, <c>symlink</c> or <c>other</c>.</param>
/// <param name="Files">Files, links and FIFOs that were written.</param>
/// <param name="Bytes">Of the files' data.</param>
/// <param name="LeftOut">Devices and sockets below it, which are not put back.</param>
public sealed record RestoredFile(string Path, string Kind, long Files, long Bytes, long LeftOut);
