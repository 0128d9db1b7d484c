using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Workflow;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoint 26.</summary>
internal static class WorkflowEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<WorkflowRequest>("POST", "workflow/run", WorkflowRequest.Read, RunAsync),
    ];

    private static async Task<Reply> RunAsync(Call call, WorkflowRequest request)
    {
        WorkflowRun run = new(call, request.Checked());
        await run.RunAsync();
        return Reply.Json(200, run.Write);
    }
}
