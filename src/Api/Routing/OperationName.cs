namespace Sleigh.Api.Routing;

/// <summary>What an endpoint does, in one word for the log; the same word as the runtime's sentences use.</summary>
internal static class OperationName
{
    public static string Of(string method, string pattern) => (method, pattern) switch
    {
        ("POST", "sandboxes") => "create",
        ("DELETE", "sandboxes/{id}") => "delete",
        ("PUT", "sandboxes/{id}/secrets") => "set-secrets",
        ("POST", "sandboxes/{id}/snapshots") => "snapshot",
        ("DELETE", "sandboxes/{id}/snapshots/{snapshotId}") => "delete-snapshot",
        ("GET", "sandboxes/{id}/snapshots/{snapshotId}/export") => "export",
        ("POST", "admin/snapshots/{snapshot}/image") => "export",
        ("POST", "sandboxes/{id}/exec/{execId}/cancel") => "end-exec",
        ("PUT", "sandboxes/{id}/files") => "write-file",
        ("DELETE", "sandboxes/{id}/files") => "remove-file",
        ("PUT", "sandboxes/{id}/files/archive") => "copy-in",
        ("GET", "sandboxes/{id}/files/archive") => "copy-out",
        ("POST", "sandboxes/{id}/ops/code/write") => "code-write",
        ("PUT", "sandboxes/{id}/network") => "network",
        ("POST", "sandboxes/{id}/mounts") => "mount",
        ("DELETE", "sandboxes/{id}/mounts/{mountId}") => "unmount",
        ("PUT", "sandboxes/{id}/ports/{port}") => "put-port",
        ("DELETE", "sandboxes/{id}/ports/{port}") => "remove-port",
        ("POST", "sandboxes/{id}/links") => "link",
        ("POST", "sandboxes/{id}/environment/copy") => "copy-environment",
        ("POST", "sandboxes/{id}/ops/read") => "read-files",
        ("POST", "workflow/run") => "workflow",
        ("POST", "sessions/token") => "issue-token",
        ("DELETE", "sessions/{sessionId}") => "end-session",
        ("DELETE", "admin/images") => "remove-image",
        ("POST", "warm-pool/refill") => "park",
        ("GET", "events" or "admin/events" or "sandboxes/{id}/exec/{execId}/stream" or "sandboxes/{id}/exec/{execId}/attach") => "follow",
        ("GET", _) => "read",
        _ => pattern[(pattern.LastIndexOf('/') + 1)..],
    };
}
