namespace Sleigh.Runtime;

/// <summary>What is removed because its time is over.</summary>
public interface IMaintenance
{
    /// <summary>
    /// Deletes the records and output of execs that ended more than <c>exec.history_days</c> ago, in pieces between which other work goes
    /// on. Cut off anywhere, the next one goes on where this one was.
    /// </summary>
    /// <returns>How many records went, and the time they had ended before.</returns>
    Task<(int Deleted, DateTimeOffset Before)> CleanUpExecsAsync(CancellationToken cancellationToken);
}
