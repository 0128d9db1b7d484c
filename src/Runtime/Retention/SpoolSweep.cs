using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <summary>
/// Removes output that no record has: a kill or a failure left it between two steps. It may run at any time, since an exec is recorded
/// before its output files are made.
/// </summary>
internal static class SpoolSweep
{
    /// <summary>Looks through all output; gives how many execs had left some.</summary>
    public static int Run(Spool spool, RecordStore records)
    {
        int removed = 0;
        foreach (ExecId[] piece in spool.List().Chunk(RecordStore.Piece))
        {
            foreach (ExecId id in records.WithoutRecord(piece))
            {
                spool.Remove(id);
                removed++;
            }
        }

        return removed;
    }
}
