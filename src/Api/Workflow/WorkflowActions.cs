namespace Sleigh.Api.Workflow;

/// <summary>The words for the actions of a workflow: each has a first form, which replies use, and others.</summary>
internal static class WorkflowActions
{
    /// <summary>Reads a word, in any case.</summary>
    public static WorkflowAction Parse(string text) => text.ToLowerInvariant() switch
    {
        "create_sandbox" or "create" or "createsandbox" => WorkflowAction.CreateSandbox,
        "exec_command" or "exec" or "execcommand" => WorkflowAction.ExecCommand,
        "create_snapshot" or "snapshot" or "createsnapshot" => WorkflowAction.CreateSnapshot,
        "rollback_snapshot" or "rollback" or "rollbacksnapshot" => WorkflowAction.RollbackSnapshot,
        "delete_sandbox" or "delete" or "deletesandbox" => WorkflowAction.DeleteSandbox,
        _ => WorkflowAction.Unknown,
    };

    /// <summary>The first form; of an unknown action the word that was sent.</summary>
    public static string Name(WorkflowAction action, string sent) => action switch
    {
        WorkflowAction.CreateSandbox => "create_sandbox",
        WorkflowAction.ExecCommand => "exec_command",
        WorkflowAction.CreateSnapshot => "create_snapshot",
        WorkflowAction.RollbackSnapshot => "rollback_snapshot",
        WorkflowAction.DeleteSandbox => "delete_sandbox",
        _ => sent,
    };
}
