using System.Globalization;
using Sleigh.Api.Endpoints;
using Sleigh.Api.Errors;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Workflow;

/// <summary>Performs steps of one workflow as the endpoints would, and remembers what later steps may name.</summary>
internal sealed class WorkflowSteps(Call call)
{
    private const string CreatedWord = "$created";
    private const string SnapshotWord = "$snapshot";

    private string? _created;
    private string? _snapshot;

    /// <summary>The sandbox of the step under way, once it is found; null before.</summary>
    public string? Found { get; private set; }

    /// <summary>Performs a step.</summary>
    /// <exception cref="ApiException">It was refused.</exception>
    /// <exception cref="RuntimeException">It was refused, or it failed.</exception>
    public Task<StepResult> PerformAsync(WorkflowStep step)
    {
        Found = null;
        return step.Action switch
        {
            WorkflowAction.CreateSandbox => CreateAsync(step.Create!),
            WorkflowAction.ExecCommand => ExecAsync(step, step.Exec!),
            WorkflowAction.CreateSnapshot => SnapshotAsync(step, step.Snapshot!),
            WorkflowAction.RollbackSnapshot => RollbackAsync(step, step.Rollback!),
            WorkflowAction.DeleteSandbox => DeleteAsync(step),
            _ => throw new ApiError(400, "invalid_argument", $"unsupported workflow action: {step.ActionName}").Exception(),
        };
    }

    private async Task<StepResult> CreateAsync(CreateSandboxRequest request)
    {
        SandboxSpec spec = request.ToSpec(RequestLimits.Of(call.Dependencies.Host, call.Options));
        CreatedSandbox made = await SandboxEndpoints.MakeAsync(call, spec, request.SnapshotId, CancellationToken.None);
        _created = Found = made.Sandbox.Id.ToString();
        return Succeeded() with { Result = json => SandboxView.WriteMade(json, made, withSource: true) };
    }

    private async Task<StepResult> ExecAsync(WorkflowStep step, ExecRequest request)
    {
        string named = Name(step.SandboxId) ?? throw Missing("workflow step requires sandbox_id or a previously created sandbox");
        if (request.IsBlank)
        {
            throw Missing("workflow exec_command step requires non-empty command");
        }

        Sandbox sandbox = Find(named);
        ExecSpec spec = request.ToSpec() with { Origin = ExecOrigin.Workflow, Webhook = Webhook(request.WebhookUrl) };
        call.Audit?.Run(spec.Command, spec.Argv);
        Exec started = await call.Execs.StartAsync(sandbox.Id, spec, CancellationToken.None);
        call.Audit?.Touch(started.Id.ToString());
        if (!request.Wait)
        {
            return Of(call.Execs.Read(started.Id));
        }

        TimeSpan wait = request.WaitTime(call.Options.Exec);
        ExecResult ended = await call.Execs.WaitAsync(started.Id, wait, CancellationToken.None);
        return Judge(Of(ended), ended.Exec, wait);
    }

    private StepResult Judge(StepResult step, Exec exec, TimeSpan wait) => exec switch
    {
        { Status: ExecStatus.Succeeded } => step,
        { IsFinal: true } => step with { Status = StepStatus.Failed, Error = exec.Error ?? "command was cancelled" },
        _ when call.Dependencies.Host.IsStopping => step with
        {
            Status = StepStatus.Failed,
            Error = $"the daemon is shutting down; call get_exec with exec_id={exec.Id} to continue polling",
            Code = ApiErrors.ShuttingDown().Code,
        },
        _ => step with
        {
            Status = StepStatus.TimedOut,
            Error = string.Create(
                CultureInfo.InvariantCulture, $"exec step timed out after {(long)wait.TotalSeconds}s; call get_exec with exec_id={exec.Id} to continue polling"),
        },
    };

    private async Task<StepResult> SnapshotAsync(WorkflowStep step, SnapshotRequest request)
    {
        Sandbox sandbox = Find(
            Name(step.SandboxId) ?? throw Missing("workflow create_snapshot step requires sandbox_id or a previously created sandbox"));
        (string? name, string? comment, bool keep) = request.Checked();
        Snapshot taken = await call.Sandboxes.SnapshotAsync(sandbox.Id, name, comment, keep, CancellationToken.None);
        _snapshot = taken.Id.ToString();
        call.Audit?.Touch(_snapshot);
        return Succeeded() with { SnapshotId = _snapshot, Result = json => SnapshotView.Write(json, taken) };
    }

    private async Task<StepResult> RollbackAsync(WorkflowStep step, RollbackRequest request)
    {
        string? snapshot = request.SnapshotId?.Trim() is SnapshotWord ? _snapshot : NotBlank(request.SnapshotId);
        if (Name(step.SandboxId) is not { } named || snapshot is null)
        {
            throw Missing("workflow rollback_snapshot step requires sandbox_id and snapshot_id");
        }

        Sandbox sandbox = Find(named);
        return Succeeded() with
        {
            Result = await SandboxEndpoints.RollBackAsync(call, sandbox.Id, snapshot, request.AutoExpand),
            SnapshotId = snapshot,
        };
    }

    private async Task<StepResult> DeleteAsync(WorkflowStep step)
    {
        Sandbox sandbox = Find(
            Name(step.SandboxId) ?? throw Missing("workflow delete_sandbox step requires sandbox_id or a previously created sandbox"));
        await call.Sandboxes.DeleteAsync(sandbox.Id, CancellationToken.None);
        return Succeeded() with
        {
            Result = json =>
            {
                json.WriteStartObject();
                json.WriteBoolean("ok", true);
                json.WriteEndObject();
            },
        };
    }

    private WebhookAddress? Webhook(string? url) =>
        NotBlank(url) is { } address ? WebhookAddress.Parse(address, call.Options.Webhooks.BlockedNetworks) : null;

    private StepResult Succeeded() => new() { Status = StepStatus.Succeeded, SandboxId = Found };

    private StepResult Of(ExecResult exec) =>
        Succeeded() with { ExecId = exec.Exec.Id.ToString(), Result = json => ExecView.Write(json, exec) };

    // Blank stands for the latest sandbox made here, as the word does.
    private string? Name(string? sandbox) => NotBlank(sandbox) is { } named && named != CreatedWord ? named : _created;

    private Sandbox Find(string text)
    {
        Sandbox sandbox = call.FindSandbox(text);
        Found = sandbox.Id.ToString();
        return sandbox;
    }

    private static string? NotBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static ApiException Missing(string sentence) => new ApiError(400, "bad_request", sentence).Exception();
}
