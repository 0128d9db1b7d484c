namespace Sleigh.Runtime;

/// <summary>A place in the history: behind this exec. The time finds the place again when the exec is no longer kept.</summary>
public sealed record ExecMark(ExecId Id, DateTimeOffset Started)
{
    /// <summary>The place behind an exec.</summary>
    public static ExecMark Of(Exec exec)
    {
        ArgumentNullException.ThrowIfNull(exec);
        return new ExecMark(exec.Id, exec.Started);
    }
}
