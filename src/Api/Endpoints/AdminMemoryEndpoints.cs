using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;

namespace Sleigh.Api.Endpoints;

/// <summary>What the administrator's socket shows of memory: who has it, who is promised it, and why.</summary>
internal static class AdminMemoryEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        Get("admin/memory", AllAsync),
        Get("admin/memory/{id}", OneAsync),
        Get("admin/memory/{id}/explain", ExplainAsync),
    ];

    private static Endpoint<NoRequest> Get(string pattern, Func<Call, NoRequest, Task<Reply>> action) =>
        new("GET", pattern, NoRequest.Read, action) { Access = AccessClass.Socket };

    private static Task<Reply> AllAsync(Call call, NoRequest request)
    {
        HostMemory host = call.Dependencies.Memory.ReadHost();
        IReadOnlyList<SandboxMemory> sandboxes = call.Dependencies.Memory.ReadAll();
        DateTimeOffset now = call.Dependencies.Time.GetUtcNow();
        return Task.FromResult(Reply.Json(200, json => AdminMemoryView.WriteAll(json, now, host, sandboxes)));
    }

    private static Task<Reply> OneAsync(Call call, NoRequest request)
    {
        SandboxMemory memory = call.Dependencies.Memory.Read(Id(call));
        HostMemory host = call.Dependencies.Memory.ReadHost();
        DateTimeOffset now = call.Dependencies.Time.GetUtcNow();
        double stall = call.Options.Memory.NearLimitSomeAvg10;
        return Task.FromResult(Reply.Json(200, json => AdminMemoryView.WriteOne(json, now, host, memory, stall)));
    }

    private static Task<Reply> ExplainAsync(Call call, NoRequest request)
    {
        SandboxId id = Id(call);
        SandboxMemory memory = call.Dependencies.Memory.Read(id);
        IReadOnlyList<MemoryAnswer> answers =
            MemoryExplanation.Of(memory, call.Dependencies.Memory.ReadHost(), call.Dependencies.Inspection.Load());
        return Task.FromResult(Reply.Json(200, json => AdminMemoryView.WriteExplanation(json, id, answers)));
    }

    private static SandboxId Id(Call call) =>
        SandboxId.TryParse(call.Path[2], out SandboxId id) ? id : throw ApiErrors.NotFound("sandbox", call.Path[2]).Exception();
}
