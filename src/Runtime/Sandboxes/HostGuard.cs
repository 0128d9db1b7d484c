using System.Globalization;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>Keeps the host from being promised away: the rules of the contract's create and the budget of one sandbox.</summary>
internal sealed class HostGuard
{
    private const double BlockedBelow = 0.10;

    /// <summary>Below this share of available memory nothing is begun that nobody has confirmed.</summary>
    public const double ConfirmBelow = 0.15;

    private readonly LiveOptions _options;
    private readonly Func<MemoryInfo> _read;
    private readonly long _total;

    public HostGuard(LiveOptions options, Func<MemoryInfo> read) => (_options, _read, _total) = (options, read, read().TotalBytes);

    /// <summary>MemTotal less the reserve.</summary>
    public int BudgetMb => (int)((_total - _options.Now.Memory.HostReserveBytes(_total)) >> 20);

    /// <summary>The most one sandbox may grow to.</summary>
    public int CeilingMb => _options.Now.Memory.MaxMb is int most and > 0 ? Math.Min(most, BudgetMb) : BudgetMb;

    /// <summary>Available share of the host's memory now, 0 to 1.</summary>
    public double AvailableRatio => _read().AvailableRatio;

    /// <summary>Refuses to fill the pool when the host is short of memory.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.HostMemoryLow"/>.</exception>
    public void AdmitRefill()
    {
        double ratio = AvailableRatio;
        if (ratio < ConfirmBelow)
        {
            throw Low(ratio, "15%; warm pool refill is blocked");
        }
    }

    /// <summary>Refuses to raise a limit by hand when the host is short of memory; gives what the reply adds when it is nearly so.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.HostMemoryLow"/>.</exception>
    public string? AdmitExpand()
    {
        double ratio = AvailableRatio;
        return ratio < BlockedBelow ? throw Low(ratio, "10%; memory expand is blocked")
            : ratio < ConfirmBelow ? $"host memory available ratio {Percent(ratio)}% is below 15%; operation succeeded but host is under pressure"
            : null;
    }

    /// <summary>Refuses new work when the host is short of memory, or would be once what is asked for is used.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.HostMemoryLow"/>, <see cref="ErrorKind.LowMemoryConfirmationRequired"/>.</exception>
    public void Admit(bool confirmed, string operation, int memoryMb = 0)
    {
        MemoryInfo memory = _read();
        double ratio = memory.AvailableRatio;
        if (ratio < BlockedBelow)
        {
            throw Low(ratio, $"10%; {operation} is blocked");
        }

        if (ratio < ConfirmBelow && !confirmed)
        {
            throw new RuntimeException(
                ErrorKind.LowMemoryConfirmationRequired,
                $"host memory available ratio {Percent(ratio)}% is below 15%; resend with confirm_low_memory=true to continue")
            {
                Details = new Dictionary<string, object> { ["available_ratio"] = ratio },
            };
        }

        double after = (memory with { AvailableBytes = Math.Max(0, memory.AvailableBytes - (memoryMb * 1024L * 1024)) }).AvailableRatio;
        if (after < BlockedBelow && !confirmed)
        {
            throw new RuntimeException(
                ErrorKind.LowMemoryConfirmationRequired,
                $"host memory available ratio {Percent(ratio)}% would be {Percent(after)}% with the {memoryMb} MB asked for in use, which is below 10%; "
                + "resend with confirm_low_memory=true to continue")
            {
                Details = new Dictionary<string, object> { ["available_ratio"] = ratio },
            };
        }
    }

    private static string Percent(double ratio) => (ratio * 100).ToString("F2", CultureInfo.InvariantCulture);

    private static RuntimeException Low(double ratio, string rule) =>
        new(ErrorKind.HostMemoryLow, $"host memory available ratio {Percent(ratio)}% is below {rule}")
        {
            Hint = "delete sandboxes that are no longer needed, then try again",
            Details = new Dictionary<string, object> { ["available_ratio"] = ratio },
        };
}
