using System.Text.Json;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Routing;
using Sleigh.Api.Transport;
using Sleigh.Runtime;

namespace Sleigh.Api.Workflow;

/// <summary>One run of a workflow, from its first step to its last or to one that fails. It goes on when the caller has gone.</summary>
internal sealed class WorkflowRun(Call call, IReadOnlyList<WorkflowStep> steps)
{
    private readonly WorkflowSteps _actions = new(call);
    private readonly List<StepResult> _results = [];
    private TimeSpan _duration;
    private bool _stopped;

    public async Task RunAsync()
    {
        TimeProvider time = call.Dependencies.Time;
        long begun = time.GetTimestamp();
        foreach (WorkflowStep step in steps)
        {
            long stepBegun = time.GetTimestamp();
            StepResult result = await TryAsync(step) with { Duration = time.GetElapsedTime(stepBegun) };
            _results.Add(result);
            if (result.Status != StepStatus.Succeeded && (!step.ContinueOnError || call.Dependencies.Host.IsStopping))
            {
                _stopped = true;
                break;
            }
        }

        _duration = time.GetElapsedTime(begun);
    }

    /// <summary>The reply.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("session_token", call.Token ?? "");
        json.WriteString("session_id", call.Session.Id.ToString());
        json.WriteString("status", StepResult.Word(Status()));
        json.WriteNumber("duration_ms", JsonText.CeilingMs(_duration));
        json.WriteBoolean("stopped_early", _stopped);
        json.WriteStartArray("steps");
        for (int i = 0; i < _results.Count; i++)
        {
            _results[i].Write(json, i, steps[i].ActionName);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private StepStatus Status() =>
        _results.TrueForAll(r => r.Status == StepStatus.Succeeded) ? StepStatus.Succeeded
        : _stopped && _results[^1].Status == StepStatus.TimedOut ? StepStatus.TimedOut
        : StepStatus.Failed;

    private async Task<StepResult> TryAsync(WorkflowStep step)
    {
        if (call.Dependencies.Host.IsStopping)
        {
            return Failed(ApiErrors.ShuttingDown());
        }

        try
        {
            return await _actions.PerformAsync(step);
        }
        catch (ApiException refused)
        {
            return Failed(refused.Error);
        }
        catch (RuntimeException failed)
        {
            ApiError error = ErrorKinds.ToApiError(failed);
            if (error.Status >= 500)
            {
                ApiLog.Failed(call, error.Code, failed.Message, failed.InnerException);
            }

            return Failed(error);
        }
        catch (OperationCanceledException) when (call.Dependencies.Host.IsStopping)
        {
            return Failed(ApiErrors.ShuttingDown());
        }
        catch (Exception unforeseen) when (IsLogged(unforeseen))
        {
            // The steps before it have happened: the caller must hear of them.
            return Failed(ApiErrors.Internal());
        }
    }

    private bool IsLogged(Exception unforeseen)
    {
        ApiLog.Unforeseen(call, unforeseen);
        return true;
    }

    private StepResult Failed(ApiError error) =>
        new() { Status = StepStatus.Failed, SandboxId = _actions.Found, Error = error.Message, Code = error.Code };
}
