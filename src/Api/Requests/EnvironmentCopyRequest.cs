using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/environment/copy</c>; <c>workspace_path</c> is another name of <c>environment_path</c>.</summary>
internal sealed record EnvironmentCopyRequest(string? EnvironmentPath, string? WorkspacePath, string? SandboxPath)
{
    /// <summary>Checks the types.</summary>
    public static EnvironmentCopyRequest Read(BodyFields fields) =>
        new(fields.String("environment_path"), fields.String("workspace_path"), fields.String("sandbox_path"));

    /// <summary>The environment's path as it was sent, under either name.</summary>
    public string? Sent => string.IsNullOrWhiteSpace(EnvironmentPath) ? WorkspacePath : EnvironmentPath;

    /// <summary>Checks the values.</summary>
    public (string EnvironmentPath, string SandboxPath) Check() => (
        ZonePaths.Below("environment_path", Sent),
        ZonePaths.InSandbox(
            "sandbox_path", SandboxPath, "sandbox_path must be an absolute path inside sandbox", "sandbox_path is not writable", "sandbox_path cannot be root"));
}
