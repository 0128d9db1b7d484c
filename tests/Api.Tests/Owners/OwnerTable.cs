using static Sleigh.Api.Tests.Owners.OwnerChecks;

namespace Sleigh.Api.Tests.Owners;

/// <summary>Tries one endpoint with the things of another session.</summary>
internal delegate Task OwnerCheck(OwnerWorld world, string method, string pattern);

/// <summary>For every endpoint there is, how a stranger's call on another session's things is answered.</summary>
internal static class OwnerTable
{
    /// <summary>Method and pattern, as in the endpoint's own line, and what is tried.</summary>
    public static IReadOnlyDictionary<string, OwnerCheck[]> Rows { get; } = new Dictionary<string, OwnerCheck[]>
    {
        ["GET healthz"] = [Nobodys],
        ["GET readyz"] = [Nobodys],
        ["GET openapi.json"] = [Nobodys],
        ["GET docs"] = [Nobodys],
        ["POST sessions/token"] = [TheHosts],
        ["GET resources"] = [TheHosts],
        ["GET diagnostics/oom"] = [TheHosts],
        ["POST maintenance/exec-tasks/cleanup"] = [TheHosts],
        ["GET warm-pool"] = [TheHosts],
        ["POST warm-pool/refill"] = [TheHosts],
        ["GET metrics"] = [TheHosts],

        ["GET sessions/{sessionId}"] = [Session],
        ["DELETE sessions/{sessionId}"] = [Session],
        ["GET sessions/{sessionId}/exec-tasks"] = [Session, OwnList],
        ["GET events"] = [Events],

        ["POST sandboxes"] = [Create],
        ["GET sandboxes"] = [OwnList],
        ["GET sandboxes/{id}"] = [Sandbox],
        ["DELETE sandboxes/{id}"] = [Sandbox],
        ["PUT sandboxes/{id}/secrets"] = [Sandbox],
        ["POST sandboxes/{id}/rollback"] = [Sandbox, NamedSnapshot],
        ["POST sandboxes/{id}/undo"] = [Sandbox],
        ["POST sandboxes/{id}/fork"] = [Sandbox, NamedSnapshot],
        ["GET sandboxes/{id}/network"] = [Sandbox],
        ["PUT sandboxes/{id}/network"] = [Sandbox],
        ["GET sandboxes/{id}/memory/pressure"] = [Sandbox],
        ["POST sandboxes/{id}/memory/expand"] = [Sandbox],
        ["POST sandboxes/{id}/snapshots"] = [Sandbox],
        ["GET sandboxes/{id}/snapshots"] = [Sandbox],
        ["DELETE sandboxes/{id}/snapshots/{snapshotId}"] = [Sandbox, Part],
        ["GET sandboxes/{id}/snapshots/{snapshotId}/diff"] = [Sandbox, Part],
        ["POST sandboxes/{id}/snapshots/{snapshotId}/restore"] = [Sandbox, Part],
        ["POST sandboxes/{id}/snapshots/{snapshotId}/keep"] = [Sandbox, Part],
        ["GET sandboxes/{id}/snapshots/{snapshotId}/export"] = [Sandbox, Part],

        ["POST sandboxes/{id}/exec"] = [Sandbox],
        ["GET sandboxes/{id}/exec/{execId}"] = [Sandbox, Part],
        ["POST sandboxes/{id}/exec/{execId}/cancel"] = [Sandbox, Part],
        ["GET sandboxes/{id}/exec/{execId}/output"] = [Sandbox, Part],
        ["GET sandboxes/{id}/exec/{execId}/stream"] = [Sandbox, Part],
        ["GET sandboxes/{id}/exec/{execId}/attach"] = [Sandbox, Part],
        ["POST webhooks/exec/subscribe"] = [NamedExec],
        ["POST workflow/run"] = [Steps],

        ["GET sandboxes/{id}/files"] = [Sandbox],
        ["PUT sandboxes/{id}/files"] = [Sandbox],
        ["DELETE sandboxes/{id}/files"] = [Sandbox],
        ["GET sandboxes/{id}/files/list"] = [Sandbox],
        ["GET sandboxes/{id}/files/stat"] = [Sandbox],
        ["GET sandboxes/{id}/files/archive"] = [Sandbox],
        ["PUT sandboxes/{id}/files/archive"] = [Sandbox],
        ["POST sandboxes/{id}/ops/read"] = [Sandbox],
        ["POST sandboxes/{id}/ops/code/write"] = [Sandbox],
        ["GET sandboxes/{id}/mounts"] = [Sandbox],
        ["POST sandboxes/{id}/mounts"] = [Sandbox],
        ["DELETE sandboxes/{id}/mounts/{mountId}"] = [Sandbox, Part],
        ["POST sandboxes/{id}/environment/copy"] = [Sandbox],
        ["GET sandboxes/{id}/ports"] = [Sandbox],
        ["GET sandboxes/{id}/ports/{port}"] = [Sandbox, Part],
        ["PUT sandboxes/{id}/ports/{port}"] = [Sandbox],
        ["DELETE sandboxes/{id}/ports/{port}"] = [Sandbox, Part],
        ["POST sandboxes/{id}/links"] = [Sandbox],
        ["GET mounts/workspaces"] = [Shared],
        ["GET environments/workspaces"] = [Shared],

        ["GET admin/sessions"] = [Administrators],
        ["GET admin/sandboxes"] = [Administrators],
        ["GET admin/sandboxes/{id}"] = [Administrators],
        ["GET admin/status"] = [Administrators],
        ["GET admin/doctor"] = [Administrators],
        ["GET admin/execs"] = [Administrators],
        ["GET admin/top"] = [Administrators],
        ["GET admin/storage"] = [Administrators],
        ["POST admin/storage/grow"] = [Administrators],
        ["POST admin/storage/scrub"] = [Administrators],
        ["GET admin/memory"] = [Administrators],
        ["GET admin/memory/{id}"] = [Administrators],
        ["GET admin/memory/{id}/explain"] = [Administrators],
        ["GET admin/events"] = [Administrators],
        ["GET admin/pool"] = [Administrators],
        ["GET admin/config"] = [Administrators],
        ["POST admin/config/reload"] = [Administrators],
        ["GET admin/images"] = [Administrators],
        ["DELETE admin/images"] = [Administrators],
        ["POST admin/images/import"] = [Administrators],
        ["POST admin/images/bootstrap"] = [Administrators],
        ["POST admin/images/pull"] = [Administrators],
        ["POST admin/images/prune"] = [Administrators],
        ["POST admin/snapshots/{snapshot}/image"] = [Administrators],
        ["GET admin/webhooks"] = [Administrators],
        ["GET admin/webhooks/{delivery}"] = [Administrators],
        ["POST admin/webhooks/{delivery}/retry"] = [Administrators],
        ["GET admin/webhook-secret"] = [Administrators],
        ["GET admin/audit"] = [Administrators],
        ["GET admin/fsck"] = [Administrators],
        ["POST admin/fsck"] = [Administrators],
    };

    /// <summary>Rows of endpoints that are being built. At the end it is empty.</summary>
    public static IReadOnlyList<string> Awaited { get; } = [];
}
