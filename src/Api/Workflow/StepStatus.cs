namespace Sleigh.Api.Workflow;

/// <summary>How a step of a workflow ended.</summary>
internal enum StepStatus
{
    /// <summary>It did what it was to do.</summary>
    Succeeded,

    /// <summary>It did not.</summary>
    Failed,

    /// <summary>Its wait was over before its command.</summary>
    TimedOut,
}
