using System.Globalization;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>Keeps the host from being promised away: the rules of the contract's create and the budget of one sandbox.</summary>
internal sealed class HostGuard
{
    private const double BlockedBelow = 0.10;
    private const double ConfirmBelow = 0.15;

    private readonly Func<MemoryInfo> _read;

    public HostGuard(MemoryOptions options, Func<MemoryInfo> read)
    {
        _read = read;
        long total = read().TotalBytes;
        BudgetMb = (int)((total - options.HostReserveBytes(total)) >> 20);
        CeilingMb = options.MaxMb is int most and > 0 ? Math.Min(most, BudgetMb) : BudgetMb;
    }

    /// <summary>MemTotal less the reserve.</summary>
    public int BudgetMb { get; }

    /// <summary>The most one sandbox may grow to.</summary>
    public int CeilingMb { get; }

    /// <summary>Refuses new work when the host is short of memory.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.HostMemoryLow"/>, <see cref="ErrorKind.LowMemoryConfirmationRequired"/>.</exception>
    public void Admit(bool confirmed, string operation)
    {
        double ratio = _read().AvailableRatio;
        string percent = (ratio * 100).ToString("F2", CultureInfo.InvariantCulture);
        if (ratio < BlockedBelow)
        {
            throw new RuntimeException(ErrorKind.HostMemoryLow, $"host memory available ratio {percent}% is below 10%; {operation} is blocked")
            {
                Hint = "delete sandboxes that are no longer needed, then try again",
                Details = new Dictionary<string, object> { ["available_ratio"] = ratio },
            };
        }

        if (ratio < ConfirmBelow && !confirmed)
        {
            throw new RuntimeException(
                ErrorKind.LowMemoryConfirmationRequired,
                $"host memory available ratio {percent}% is below 15%; resend with confirm_low_memory=true to continue")
            {
                Details = new Dictionary<string, object> { ["available_ratio"] = ratio },
            };
        }
    }
}
