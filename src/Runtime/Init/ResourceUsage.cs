namespace Sleigh.Runtime.Init;

/// <summary>What getrusage(2) counts for a process and the children it waited for.</summary>
/// <param name="UserTime">CPU time in programs.</param>
/// <param name="SystemTime">CPU time in the kernel.</param>
/// <param name="MaxResidentBytes">The largest resident size of any one of them.</param>
/// <param name="MinorFaults">Page faults without I/O.</param>
/// <param name="MajorFaults">Page faults with I/O.</param>
/// <param name="BytesRead">Read from block devices.</param>
/// <param name="BytesWritten">Written to block devices.</param>
/// <param name="VoluntarySwitches">Times it waited for something.</param>
/// <param name="InvoluntarySwitches">Times it was made to wait.</param>
public sealed record ResourceUsage(
    TimeSpan UserTime,
    TimeSpan SystemTime,
    long MaxResidentBytes,
    long MinorFaults,
    long MajorFaults,
    long BytesRead,
    long BytesWritten,
    long VoluntarySwitches,
    long InvoluntarySwitches)
{
    // The kernel counts blocks of this size, whatever the device has.
    private const long BlockSize = 512;

    internal static ResourceUsage From(in InitProtocol.Usage raw) => new(
        Time(raw.UserUs),
        Time(raw.SystemUs),
        (long)raw.MaxRssKib * 1024,
        (long)raw.MinorFaults,
        (long)raw.MajorFaults,
        (long)raw.BlocksRead * BlockSize,
        (long)raw.BlocksWritten * BlockSize,
        (long)raw.VoluntarySwitches,
        (long)raw.InvoluntarySwitches);

    // A damaged record may hold any number: no conversion that checks.
    private static TimeSpan Time(ulong us) => TimeSpan.FromTicks(unchecked((long)us * TimeSpan.TicksPerMicrosecond));
}
