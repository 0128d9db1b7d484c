using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/mounts</c>.</summary>
internal sealed record MountRequest(string? WorkspacePath, string? ContainerPath, string? Mode)
{
    /// <summary>Checks the types.</summary>
    public static MountRequest Read(BodyFields fields) => new(fields.String("workspace_path"), fields.String("container_path"), fields.String("mode"));

    /// <summary>Checks the values.</summary>
    public MountSpec Check() => new(
        ZonePaths.Below("workspace_path", WorkspacePath),
        ZonePaths.InSandbox(
            "container_path", ContainerPath, "container_path must be an absolute path", "container_path is not mountable", "container_path is not mountable"),
        Mode switch
        {
            null or "" or "ro" => MountMode.ReadOnly,
            "rw" => MountMode.ReadWrite,
            _ => throw ApiErrors.NotOneOf("mode", "ro", "rw").Exception(),
        });
}
