using System.Globalization;
using Sleigh.Cgroups;

namespace Sleigh.Runtime;

/// <summary>How near the host is to running out of memory, by which signals, and what to do. The rule is that of endpoint 4 of the contract.</summary>
/// <param name="Time">When it was read.</param>
/// <param name="Figures">What the kernel said.</param>
/// <param name="Alert">Whether anybody was told.</param>
public sealed record OomDiagnosis(DateTimeOffset Time, HostFigures Figures, AlertResult Alert)
{
    private static readonly string[] WhenCritical =
    [
        "Start no new work until memory is free.",
        "Raise the limit of the sandbox that matters most, or let it grow once the host has room.",
        "Find the sandboxes with the highest use, snapshot them and run their work again later.",
    ];

    private static readonly string[] WhenHigh =
    [
        "Lower the number of commands that run at once and watch memory pressure.",
        "Delete sandboxes nobody has used for a long time.",
    ];

    private static readonly string[] WhenMedium =
    [
        "Keep an eye on memory pressure and the available share.",
        "Decide now which sandbox may grow next and which work can wait.",
    ];

    private static readonly string[] WhenLow = ["Nothing to do; look again at the usual interval."];

    /// <summary>The level.</summary>
    public OomRisk Risk => RiskOf(Figures.AvailableRatio, Figures.Pressure);

    /// <summary>What the level was decided on: three texts <c>name=figure</c> with four decimals.</summary>
    public IReadOnlyList<string> Signals =>
    [
        string.Create(CultureInfo.InvariantCulture, $"memory.available_ratio={Figures.AvailableRatio:F4}"),
        string.Create(CultureInfo.InvariantCulture, $"psi.some.avg10={Figures.Pressure.Some.Avg10:F4}"),
        string.Create(CultureInfo.InvariantCulture, $"psi.full.avg10={Figures.Pressure.Full.Avg10:F4}"),
    ];

    /// <summary>What to do: three, two, two or one sentences.</summary>
    public IReadOnlyList<string> Recommendations => Risk switch
    {
        OomRisk.Critical => WhenCritical,
        OomRisk.High => WhenHigh,
        OomRisk.Medium => WhenMedium,
        _ => WhenLow,
    };

    /// <summary>The first level that fits. Pressure is in percent.</summary>
    public static OomRisk RiskOf(double availableRatio, Pressure pressure) =>
        availableRatio < 0.08 || pressure.Full.Avg10 > 20 ? OomRisk.Critical
        : availableRatio < 0.15 || pressure.Some.Avg10 > 50 ? OomRisk.High
        : availableRatio < 0.30 || pressure.Some.Avg10 > 20 ? OomRisk.Medium
        : OomRisk.Low;
}
