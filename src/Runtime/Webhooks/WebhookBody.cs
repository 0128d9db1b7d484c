using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sleigh.Runtime;

/// <summary>The body of a delivery: compact JSON with sorted keys. It is made once, with the command's final state, and sent as it is.</summary>
internal static class WebhookBody
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Makes it.</summary>
    /// <param name="exec">A command with its final state.</param>
    /// <param name="command">As <see cref="WebhookText.OfCommand"/> gave it.</param>
    public static byte[] Of(Exec exec, string command)
    {
        ArrayBufferWriter<byte> buffer = new(512);
        using (Utf8JsonWriter json = new(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteStartObject("payload");
            json.WriteString("command", command);
            WriteTime(json, "completed_at", exec.Completed ?? exec.Started);
            if (!string.IsNullOrEmpty(exec.Error))
            {
                json.WriteString("error", WebhookText.Cut(exec.Error, WebhookText.MostOfError));
            }

            json.WriteString("exec_id", exec.Id.ToString());
            json.WriteString("exec_status", exec.Status.ToString().ToLowerInvariant());
            if (exec.ExitCode is int code)
            {
                json.WriteNumber("exit_code", code);
            }

            json.WriteString("sandbox_id", exec.Sandbox.ToString());
            WriteTime(json, "started_at", exec.Started);
            if (exec.TimedOut)
            {
                json.WriteBoolean("timed_out", true);
            }

            json.WriteEndObject();
            json.WriteString("status", StatusOf(exec));
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static string StatusOf(Exec exec) => exec switch
    {
        { Status: ExecStatus.Succeeded } => "ok",
        { TimedOut: true } => "timeout",
        _ => "err",
    };

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset time) =>
        json.WriteString(name, time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
}
