namespace Sleigh.Api.Workflow;

/// <summary>What a step of a workflow does.</summary>
internal enum WorkflowAction
{
    CreateSandbox,
    ExecCommand,
    CreateSnapshot,
    RollbackSnapshot,
    DeleteSandbox,

    /// <summary>Nothing that there is.</summary>
    Unknown,
}
