using System.Globalization;

namespace Sleigh.Containerd;

/// <summary>What belongs to one call beside its message.</summary>
/// <param name="What">The call in words after "could not", e.g. <c>start the task 'slot-1'</c>.</param>
/// <param name="Namespace">containerd's namespace.</param>
/// <param name="Lease">The lease that keeps what the call makes, or null.</param>
/// <param name="Timeout">Time limit of the whole call, or null for none.</param>
internal readonly record struct GrpcCallOptions(string What, string Namespace, string? Lease, TimeSpan? Timeout)
{
    /// <summary>A time limit as gRPC writes it: at most eight digits and a unit.</summary>
    public static string FormatTimeout(TimeSpan timeout)
    {
        long milliseconds = Math.Max(1, (long)Math.Ceiling(timeout.TotalMilliseconds));
        return milliseconds <= 99_999_999
            ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds}m")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(99_999_999, milliseconds / 1000)}S");
    }
}
