using Sleigh.Linux;

namespace Sleigh.Runtime.Checks;

/// <summary>The clock: times in records, ages and expiries of sandboxes, and TLS of registries depend on it.</summary>
internal static class ClockCheck
{
    // When this check was written; a clock before it has lost its battery.
    private const int EarliestYear = 2026;

    private const string Remedy = "apt install systemd-timesyncd (or chrony), then timedatectl set-ntp true";

    public static IEnumerable<HostCheck> List(TimeProvider time) => [new("clock", () => Judge(time.GetUtcNow(), SystemClock.IsSynchronised()))];

    internal static Finding Judge(DateTimeOffset now, bool? synchronised)
    {
        string seen = $"{now:yyyy-MM-dd HH:mm} UTC";
        return now.Year < EarliestYear ? Finding.Fail($"{seen}, which cannot be", Remedy)
            : synchronised == false ? Finding.Warn($"{seen}, not synchronised: nobody keeps it right", Remedy)
            : Finding.Ok(synchronised == true ? $"{seen}, synchronised" : seen);
    }
}
