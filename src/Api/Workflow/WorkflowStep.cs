using Sleigh.Api.Json;
using Sleigh.Api.Requests;

namespace Sleigh.Api.Workflow;

/// <summary>One step of a workflow: right in type, not yet in value. Members that its action does not know are not looked at.</summary>
internal sealed record WorkflowStep
{
    /// <summary>What it does.</summary>
    public required WorkflowAction Action { get; init; }

    /// <summary>The action as replies name it.</summary>
    public required string ActionName { get; init; }

    /// <summary>The sandbox as sent; null on a create step.</summary>
    public string? SandboxId { get; init; }

    /// <summary>Whether the run goes on when it fails.</summary>
    public bool ContinueOnError { get; init; }

    public CreateSandboxRequest? Create { get; init; }

    public ExecRequest? Exec { get; init; }

    public SnapshotRequest? Snapshot { get; init; }

    public RollbackRequest? Rollback { get; init; }

    /// <summary>Checks the types.</summary>
    public static WorkflowStep Read(BodyFields fields)
    {
        string sent = fields.String("action")?.Trim() ?? "";
        WorkflowAction action = WorkflowActions.Parse(sent);
        return new WorkflowStep
        {
            Action = action,
            ActionName = WorkflowActions.Name(action, sent),
            SandboxId = action == WorkflowAction.CreateSandbox ? null : fields.String("sandbox_id"),
            ContinueOnError = fields.Boolean("continue_on_error") ?? false,
            Create = action == WorkflowAction.CreateSandbox ? CreateSandboxRequest.Read(fields) : null,
            Exec = action == WorkflowAction.ExecCommand ? ExecRequest.ReadStep(fields) : null,
            Snapshot = action == WorkflowAction.CreateSnapshot ? SnapshotRequest.Read(fields) : null,
            Rollback = action == WorkflowAction.RollbackSnapshot ? RollbackRequest.Read(fields) : null,
        };
    }
}
