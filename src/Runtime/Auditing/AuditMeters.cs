using System.Diagnostics.Metrics;

namespace Sleigh.Runtime.Auditing;

/// <summary>The counter of the audit log's lines that <c>/metrics</c> shows.</summary>
public static class AuditMeters
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Sleigh.Audit";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Lines = Meter.CreateCounter<long>("sleigh_audit_lines_total", null, "Lines of the audit log, written or lost.");

    /// <summary>Makes the counter known with 0, to who listens already.</summary>
    public static void Announce()
    {
        Lines.Add(0, Result(written: true));
        Lines.Add(0, Result(written: false));
    }

    /// <summary>A line has been written, or was lost.</summary>
    public static void Count(bool written) => Lines.Add(1, Result(written));

    private static KeyValuePair<string, object?> Result(bool written) => new("result", written ? "written" : "lost");
}
