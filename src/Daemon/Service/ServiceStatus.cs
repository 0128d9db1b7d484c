using System.Globalization;

namespace Sleigh.Daemon.Service;

/// <summary>The line that <c>systemctl status</c> shows while the daemon serves.</summary>
/// <param name="Address">Where.</param>
/// <param name="Sandboxes">How many there are.</param>
/// <param name="Commands">How many run.</param>
/// <param name="Troubles">What does not work now, one phrase each.</param>
/// <param name="Refusal">Why the last reload was refused; null: it was not.</param>
internal sealed record ServiceStatus(string Address, int Sandboxes, int Commands, IReadOnlyList<string> Troubles, string? Refusal)
{
    public override string ToString()
    {
        string troubles = Troubles.Count == 0 ? "" : $"degraded: {string.Join(", ", Troubles)}; sandboxes and their commands go on; ";
        string refusal = Refusal is null ? "" : Refusal + "; ";
        return $"{refusal}{troubles}serving on {Address}; {Count(Sandboxes, "sandbox", "sandboxes")}, {Count(Commands, "running command", "running commands")}";
    }

    private static string Count(int number, string one, string many) => string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : many)}");
}
