using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>The reply of endpoint 23.</summary>
internal static class EnvironmentCopyView
{
    /// <summary>The reply.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="sent">The environment's path as it was sent.</param>
    /// <param name="copy">What was copied.</param>
    public static void Write(Utf8JsonWriter json, SandboxId sandbox, string sent, EnvironmentCopy copy)
    {
        json.WriteStartObject();
        json.WriteString("status", "ok");
        json.WriteString("sandbox_id", sandbox.ToString());
        WriteMembers(json, sent, copy);
        json.WriteEndObject();
    }

    /// <summary>What the event tells too.</summary>
    public static void WriteMembers(Utf8JsonWriter json, string environmentPath, EnvironmentCopy copy)
    {
        json.WriteString("environment_path", environmentPath);
        json.WriteString("sandbox_path", copy.SandboxPath);
        json.WriteNumber("files", copy.Files);
        json.WriteNumber("bytes", copy.Bytes);
        json.WriteNumber("duration_ms", JsonText.CeilingMs(copy.Duration));
    }
}
