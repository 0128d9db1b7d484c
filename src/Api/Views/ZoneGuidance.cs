namespace Sleigh.Api.Views;

/// <summary>What an agent is told beside the list of a zone: which call takes these paths, and which does not.</summary>
internal sealed record ZoneGuidance
{
    /// <summary>Of endpoint 21.</summary>
    public static readonly ZoneGuidance Mounts = new()
    {
        ZoneKind = "mount_read_only",
        Right = "mount_path",
        Wrong = "copy_environment",
        Summary = "Mount one of these directories: send its path as workspace_path and choose an absolute container_path. Nothing is copied. "
            + "The mount is read-only unless the operator allows writing there.",
        Warning = "These paths belong to the mount zone. copy_environment does not know them; it takes paths from GET /environments/workspaces.",
        Description = "Make one of these directories visible in a sandbox while its processes go on: POST /sandboxes/{id}/mounts.",
        RequiredFields = ["session_token", "sandbox_id", "workspace_path", "container_path"],
        Semantics =
        [
            ("workspace_path", "a path from this list, or one below it"),
            ("container_path", "absolute path in the sandbox where the directory is to be seen; made if missing; not /, /proc, /sys or /dev"),
            ("environment_path", "INVALID here: it is a field of copy_environment and takes paths from GET /environments/workspaces"),
        ],
    };

    /// <summary>Of endpoint 22.</summary>
    public static readonly ZoneGuidance Environments = new()
    {
        ZoneKind = "environment_copy",
        Right = "copy_environment",
        Wrong = "mount_path",
        Summary = "Copy one of these directories: send its path as environment_path and choose an absolute sandbox_path other than /. "
            + "The sandbox gets its own writable copy.",
        Warning = "These paths belong to the environment zone. mount_path does not know them; it takes paths from GET /mounts/workspaces.",
        Description = "Copy what is in one of these directories into a directory of a sandbox: POST /sandboxes/{id}/environment/copy.",
        RequiredFields = ["session_token", "sandbox_id", "environment_path", "sandbox_path"],
        Semantics =
        [
            ("environment_path", "a path from this list, or one below it"),
            ("sandbox_path", "absolute path of the directory in the sandbox that takes the copy; made if missing; not /, /proc, /sys or /dev"),
            ("workspace_path", "INVALID here: it is a field of mount_path and takes paths from GET /mounts/workspaces"),
        ],
    };

    public required string ZoneKind { get; init; }

    public required string Right { get; init; }

    public required string Wrong { get; init; }

    public required string Summary { get; init; }

    public required string Warning { get; init; }

    public required string Description { get; init; }

    public required string[] RequiredFields { get; init; }

    public required (string Field, string Meaning)[] Semantics { get; init; }
}
