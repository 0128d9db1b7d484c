using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Workflow;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /workflow/run</c>: every step right in type, not yet in value.</summary>
internal sealed record WorkflowRequest(IReadOnlyList<WorkflowStep> Steps)
{
    private const int MostSteps = 100;

    /// <summary>Checks the types, those of every step too. Of a list that is too long only the length is kept.</summary>
    public static WorkflowRequest Read(BodyFields fields)
    {
        IReadOnlyList<BodyFields> steps = fields.Objects("steps") ?? [];
        return new WorkflowRequest([.. steps.Take(MostSteps + 1).Select(WorkflowStep.Read)]);
    }

    /// <summary>Checks their number.</summary>
    public IReadOnlyList<WorkflowStep> Checked() => Steps.Count is >= 1 and <= MostSteps
        ? Steps
        : throw ApiErrors.InvalidExactly("steps", $"bad request: steps must hold 1 to {MostSteps} steps").Exception();
}
