using System.Text.Json;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;

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
        new Endpoint<SecretsRequest>("PUT", "sandboxes/{id}/secrets", SecretsRequest.Read, SetSecretsAsync)
        {
            Body = BodyRule.Required,
            KnownFields = SecretsRequest.Fields,
        },
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
            CreatedSandbox made = await MakeAsync(call, spec, request.SnapshotId, gone);
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
        Task.FromResult(Reply.Json(200, json => SandboxView.WriteWhole(json, call.Sandbox, call.Sandboxes.FindIsolation(call.Sandbox.Id))));

    private static async Task<Reply> DeleteAsync(Call call, NoRequest request)
    {
        await call.Sandboxes.DeleteAsync(call.Sandbox.Id, CancellationToken.None);
        return Reply.NoContent;
    }

    private static async Task<Reply> SetSecretsAsync(Call call, SecretsRequest request)
    {
        Sandbox sandbox = await call.Sandboxes.SetSecretsAsync(call.Sandbox.Id, request.Check(), CancellationToken.None);
        return Reply.Json(200, json => SandboxView.Write(json, sandbox));
    }

    private static async Task<Reply> RollbackAsync(Call call, RollbackRequest request) =>
        Reply.Json(200, await RollBackAsync(call, call.Sandbox.Id, request.RequireSnapshot(), request.AutoExpand));

    /// <summary>Steps 13 to 15 of a rollback.</summary>
    /// <returns>Writes the reply.</returns>
    public static async Task<Action<Utf8JsonWriter>> RollBackAsync(Call call, SandboxId sandbox, string snapshot, bool autoExpand)
    {
        RollbackResult result = await call.Sandboxes.RollbackAsync(sandbox, snapshot, CancellationToken.None);
        call.Audit?.Touch(result.Snapshot.ToString());
        if (!autoExpand)
        {
            return json => SandboxView.WriteRollback(json, result, growth: null);
        }

        ExpandResult growth = await GrowAsync(call, result.Sandbox);
        RollbackResult grown = result with { Sandbox = call.Sandboxes.Find(result.Sandbox.Id) ?? result.Sandbox };
        return json => SandboxView.WriteRollback(json, grown, growth);
    }

    // The rollback is done; a step that is refused, or a sandbox that has gone by now, does not undo it.
    private static async Task<ExpandResult> GrowAsync(Call call, Sandbox sandbox)
    {
        try
        {
            return await call.Dependencies.Memory.ExpandAsync(sandbox.Id, null, CancellationToken.None);
        }
        catch (RuntimeException refused)
        {
            int limit = call.Sandboxes.Find(sandbox.Id)?.MemoryLimitMb ?? sandbox.MemoryLimitMb;
            return new ExpandResult(false, limit, limit, refused.Message, sandbox.MemoryCeilingMb, false);
        }
    }

    private static async Task<Reply> ForkAsync(Call call, ForkRequest request)
    {
        (string? snapshot, int count) = request.Check(call.Options.Sandbox);
        return await Idempotent.ReplyAsync(call, async _ =>
        {
            ForkResult result = await call.Sandboxes.ForkAsync(call.Sandbox.Id, snapshot, count, CancellationToken.None);
            call.Audit?.Touch(result.Snapshot.ToString());
            foreach (CreatedSandbox fork in result.Forks)
            {
                call.Audit?.Touch(fork.Sandbox.Id.ToString());
            }

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

        call.Audit?.Touch(name);
        CreateSandboxRequest.CheckCeiling(spec, snapshot.Limits.MemoryLimitMb);
        return spec with { Snapshot = id };
    }

    /// <summary>Steps 13 to 15 of a create.</summary>
    /// <param name="call">The call; the sandbox is its session's.</param>
    /// <param name="spec">Values that have been checked.</param>
    /// <param name="snapshot">The snapshot that the request names; null: none.</param>
    /// <param name="gone">Ends when the sandbox is to be taken back.</param>
    public static async Task<CreatedSandbox> MakeAsync(Call call, SandboxSpec spec, string? snapshot, CancellationToken gone)
    {
        SandboxSpec found = WithSnapshot(call, spec, snapshot);
        try
        {
            CreatedSandbox made = await call.Sandboxes.CreateAsync(call.Session.Id, found, gone);
            call.Audit?.Touch(made.Sandbox.Id.ToString());
            return made;
        }
        catch (RuntimeException failed) when (failed.Kind == ErrorKind.ImagePullNeeded)
        {
            throw ImagePull.Needed(failed, found.Image ?? call.Options.Pool.Image).Exception();
        }
    }
}
