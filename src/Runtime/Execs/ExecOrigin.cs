namespace Sleigh.Runtime;

/// <summary>Which call made an exec.</summary>
public enum ExecOrigin
{
    /// <summary>POST .../exec.</summary>
    Exec,

    /// <summary>POST .../ops/read.</summary>
    OpsRead,

    /// <summary>POST .../ops/code/write.</summary>
    CodeWrite,

    /// <summary>POST /workflow/run.</summary>
    Workflow,
}
