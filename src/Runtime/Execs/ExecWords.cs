namespace Sleigh.Runtime;

/// <summary>The words of the contract for commands; the same in replies, figures and traces.</summary>
public static class ExecWords
{
    /// <summary>Where a command is.</summary>
    public static string Word(this ExecStatus status) => status switch
    {
        ExecStatus.Running => "running",
        ExecStatus.Cancelling => "cancelling",
        ExecStatus.Succeeded => "succeeded",
        ExecStatus.Failed => "failed",
        ExecStatus.Cancelled => "cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "unknown status"),
    };

    /// <summary>What started it.</summary>
    public static string Word(this ExecOrigin origin) => origin switch
    {
        ExecOrigin.Exec => "exec",
        ExecOrigin.OpsRead => "ops_read",
        ExecOrigin.CodeWrite => "code_write",
        ExecOrigin.Workflow => "workflow",
        _ => throw new ArgumentOutOfRangeException(nameof(origin), origin, "unknown origin"),
    };
}
