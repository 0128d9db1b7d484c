using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>The Mount of section 3.5 of the contract, and what snapshots and events tell of one.</summary>
internal static class MountView
{
    /// <summary>As the mount endpoints show it; <c>missing</c>, an addition of ours, only when the sandbox runs without it.</summary>
    public static void Write(Utf8JsonWriter json, Mount mount)
    {
        json.WriteStartObject();
        json.WriteString("id", mount.Id.ToString());
        json.WriteString("sandbox_id", mount.Sandbox.ToString());
        WritePlace(json, mount.HostPath, mount.ContainerPath, mount.Mode);
        json.WriteSeconds("created", mount.Created);
        if (mount.IsMissing)
        {
            json.WriteBoolean("missing", true);
        }

        json.WriteEndObject();
    }

    /// <summary>As a snapshot keeps it.</summary>
    public static void Write(Utf8JsonWriter json, CapturedMount mount)
    {
        json.WriteStartObject();
        WritePlace(json, mount.HostPath, mount.ContainerPath, mount.Mode);
        json.WriteEndObject();
    }

    /// <summary>As events tell of it.</summary>
    public static void WriteMembers(Utf8JsonWriter json, Mount mount)
    {
        json.WriteString("mount_id", mount.Id.ToString());
        WritePlace(json, mount.HostPath, mount.ContainerPath, mount.Mode);
    }

    private static void WritePlace(Utf8JsonWriter json, string hostPath, string containerPath, MountMode mode)
    {
        json.WriteString("host_path", hostPath);
        json.WriteString("container_path", containerPath);
        json.WriteString("mode", mode == MountMode.ReadWrite ? "rw" : "ro");
    }
}
