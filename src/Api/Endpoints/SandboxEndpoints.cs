using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoints 5 to 8, 11 and 37.</summary>
internal static class SandboxEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<CreateSandboxRequest>("POST", "sandboxes", CreateSandboxRequest.Read, CreateAsync),
        new Endpoint<NoRequest>("GET", "sandboxes", NoRequest.Read, ListAsync),
        new Endpoint<NoRequest>("GET", "sandboxes/{id}", NoRequest.Read, GetAsync),
        new Endpoint<NoRequest>("DELETE", "sandboxes/{id}", NoRequest.Read, DeleteAsync),
        new Endpoint<RollbackRequest>("POST", "sandboxes/{id}/rollback", RollbackRequest.Read, RollbackAsync),
        new Endpoint<ForkRequest>("POST", "sandboxes/{id}/fork", ForkRequest.Read, ForkAsync)
        {
            Body = BodyRule.Optional,
            KnownFields = ForkRequest.Fields,
        },
    ];

    private static async Task<Reply> CreateAsync(Call call, CreateSandboxRequest request)
    {
        SandboxSpec spec = request.ToSpec(RequestLimits.Of(call.Dependencies.Host, call.Options));
        return await Idempotent.ReplyAsync(call, async gone =>
        {
            SandboxSpec found = WithSnapshot(call, spec, request.SnapshotId);
            CreatedSandbox made = await MakeAsync(call, found, gone);
            return new KeptReply(201, JsonText.ToArray(json => SandboxView.WriteMade(json, made, withSource: true)), null);
        });
    }

    private static Task<Reply> ListAsync(Call call, NoRequest request)
    {
        IReadOnlyList<Sandbox> sandboxes = call.Sandboxes.List(call.Session.Id);
        return Task.FromResult(Reply.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteItems(sandboxes, SandboxView.Write);
            json.WriteEndObject();
        }));
    }

    private static Task<Reply> GetAsync(Call call, NoRequest request) =>
        Task.FromResult(Reply.Json(200, json => SandboxView.Write(json, call.Sandbox)));

    private static async Task<Reply> DeleteAsync(Call call, NoRequest request)
    {
        await call.Sandboxes.DeleteAsync(call.Sandbox.Id, CancellationToken.None);
        return Reply.NoContent;
    }

    private static async Task<Reply> RollbackAsync(Call call, RollbackRequest request)
    {
        RollbackResult result = await call.Sandboxes.RollbackAsync(call.Sandbox.Id, request.RequireSnapshot(), CancellationToken.None);
        return Reply.Json(200, json => SandboxView.WriteRollback(json, result, request.AutoExpand));
    }

    private static async Task<Reply> ForkAsync(Call call, ForkRequest request)
    {
        (string? snapshot, int count) = request.Check(call.Options.Sandbox);
        return await Idempotent.ReplyAsync(call, async _ =>
        {
            ForkResult result = await call.Sandboxes.ForkAsync(call.Sandbox.Id, snapshot, count, CancellationToken.None);
            return new KeptReply(201, JsonText.ToArray(json =>
            {
                json.WriteStartObject();
                json.WriteString("snapshot_id", result.Snapshot.ToString());
                json.WriteItems(result.Forks, (j, fork) => SandboxView.WriteMade(j, fork, withSource: false));
                json.WriteEndObject();
            }), null);
        });
    }

    // Step 13: the snapshot that the body names, and whose it is.
    private static SandboxSpec WithSnapshot(Call call, SandboxSpec spec, string? text)
    {
        if (text?.Trim() is not { } name)
        {
            return spec;
        }

        Snapshot snapshot = (SnapshotId.TryParse(name, out SnapshotId id) ? call.Sandboxes.FindSnapshot(id) : null)
            ?? throw ApiErrors.SnapshotNotFound(name).Exception();
        if (!call.Owns(snapshot.Session))
        {
            throw ApiErrors.OtherSession(name).Exception();
        }

        CreateSandboxRequest.CheckCeiling(spec, snapshot.Limits.MemoryLimitMb);
        return spec with { Snapshot = id };
    }

    private static async Task<CreatedSandbox> MakeAsync(Call call, SandboxSpec spec, CancellationToken gone)
    {
        try
        {
            return await call.Sandboxes.CreateAsync(call.Session.Id, spec, gone);
        }
        catch (RuntimeException failed) when (failed.Kind == ErrorKind.ImagePullNeeded)
        {
            throw ImagePull.Needed(failed, spec.Image ?? call.Options.Pool.Image).Exception();
        }
    }
}
