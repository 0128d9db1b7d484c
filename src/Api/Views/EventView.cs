using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>The <c>data</c> lines of endpoint 38.</summary>
internal static class EventView
{
    /// <summary>One event.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="e">The event.</param>
    /// <param name="number">Its number in this stream: of the session, or over all.</param>
    public static void Write(Utf8JsonWriter json, SessionEvent e, long number)
    {
        json.WriteStartObject();
        json.WriteNumber("seq", number);
        json.WriteString("type", e.Type);
        json.WriteMillis("time", e.Time);
        json.WriteString("session_id", e.Session.ToString());
        json.WriteOptional("sandbox_id", e.Sandbox?.ToString());
        json.WriteOptional("exec_id", e.Exec?.ToString());
        json.WritePropertyName("data");
        WriteData(json, e.Data);
        json.WriteEndObject();
    }

    /// <summary>A message of the stream itself; it has no number.</summary>
    public static void WriteOfStream(Utf8JsonWriter json, string type, DateTimeOffset now, SessionId? session, Action<Utf8JsonWriter> data)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteMillis("time", now);
        json.WriteOptional("session_id", session?.ToString());
        json.WriteStartObject("data");
        data(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteData(Utf8JsonWriter json, EventData data)
    {
        if (data.Exec is { } exec)
        {
            ExecView.WriteSummary(json, exec);
            return;
        }

        if (data.Oom is { } oom)
        {
            ExecView.WriteOom(json, oom);
            return;
        }

        if (data.Webhook is { } webhook)
        {
            WebhookView.WriteFacts(json, webhook);
            return;
        }

        json.WriteStartObject();
        if (data.Growth is { } growth)
        {
            MemoryView.WriteGrowthMembers(json, growth);
        }

        if (data.File is { } file)
        {
            json.WriteString("path", file.Path);
            json.WriteOptional("bytes", file.Bytes);
        }

        if (data.Mount is { } mount)
        {
            MountView.WriteMembers(json, mount);
        }

        if (data.Copied is { } copied)
        {
            EnvironmentCopyView.WriteMembers(json, copied.EnvironmentPath, copied);
        }

        if (data.Refused is { } refused)
        {
            json.WriteNumber("refused_packets", refused.Total);
            SandboxView.WriteRefused(json, refused);
        }

        json.WriteOptional("snapshot_id", data.Snapshot?.ToString());
        json.WriteOptional("image", data.Image);
        json.WriteOptional("name", data.Name);
        json.WriteOptional("reason", data.Reason is { } reason ? ReasonText(reason) : data.NearLimit);
        json.WriteEndObject();
    }

    private static string ReasonText(DeleteReason reason) => reason switch
    {
        DeleteReason.Request => "request",
        DeleteReason.Ttl => "ttl",
        DeleteReason.Idle => "idle",
        DeleteReason.Session => "session",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "unknown reason"),
    };
}
