using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>Endpoint 15, <c>webhook_subscription</c> of endpoint 12, and deliveries as the administrator sees them.</summary>
internal static class WebhookView
{
    /// <summary>The reply of endpoint 15.</summary>
    public static void WriteSubscribed(Utf8JsonWriter json, WebhookSubscribed result, Exec exec, string url)
    {
        json.WriteStartObject();
        json.WriteString("status", "ok");
        json.WriteBoolean("created", result.Created);
        json.WriteBoolean("duplicate_ignored", !result.Created);
        json.WriteBoolean("delivered_immediately", result.DeliveredImmediately);
        json.WriteString("exec_status", result.Status.Word());
        json.WriteString("sandbox_id", exec.Sandbox.ToString());
        json.WriteString("exec_id", exec.Id.ToString());
        json.WriteString("webhook_url", url);
        json.WriteEndObject();
    }

    /// <summary>What became of a <c>webhook_url</c> that came with a command: the subscription was there before it could end.</summary>
    public static void WriteAsked(Utf8JsonWriter json, WebhookAsked asked)
    {
        json.WriteStartObject("webhook_subscription");
        if (asked.Error is { } error)
        {
            json.WriteString("error", error);
        }
        else
        {
            json.WriteBoolean("created", true);
            json.WriteString("exec_status", ExecStatus.Running.Word());
        }

        json.WriteEndObject();
    }

    /// <summary>A delivery; its URL without what may be secret.</summary>
    public static void Write(Utf8JsonWriter json, WebhookDelivery delivery)
    {
        json.WriteStartObject();
        WriteMembers(json, delivery);
        json.WriteEndObject();
    }

    /// <summary>A delivery, its tries and what is sent.</summary>
    public static void WriteLog(Utf8JsonWriter json, WebhookLog log)
    {
        json.WriteStartObject();
        WriteMembers(json, log.Delivery);
        json.WriteStartArray("tries");
        foreach (WebhookTry one in log.Tries)
        {
            json.WriteStartObject();
            json.WriteNumber("attempt", one.Attempt);
            json.WriteMillis("started_at", one.Started);
            if (one.Ended is { } ended)
            {
                json.WriteMillis("ended_at", ended);
            }

            json.WriteOptional("status", one.Status);
            json.WriteOptional("error", one.Error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("body", log.Body);
        json.WriteEndObject();
    }

    /// <summary>The data of <c>webhook.delivered</c> and <c>webhook.failed</c>.</summary>
    public static void WriteFacts(Utf8JsonWriter json, WebhookFacts facts)
    {
        json.WriteStartObject();
        json.WriteString("delivery_id", facts.Delivery);
        json.WriteString("webhook_url", facts.Url);
        json.WriteNumber("attempts", facts.Attempts);
        json.WriteOptional("status", facts.Status);
        json.WriteOptional("error", facts.Error);
        json.WriteEndObject();
    }

    private static void WriteMembers(Utf8JsonWriter json, WebhookDelivery delivery)
    {
        json.WriteString("delivery_id", delivery.Id.ToString());
        json.WriteString("session_id", delivery.Session.ToString());
        json.WriteString("sandbox_id", delivery.Sandbox.ToString());
        json.WriteString("exec_id", delivery.Exec.ToString());
        json.WriteString("webhook_url", WebhookUrl.Shown(delivery.Url));
        json.WriteString("state", StateText(delivery.State));
        json.WriteNumber("attempts", delivery.Attempts);
        if (delivery.Next is { } next)
        {
            json.WriteMillis("next_try_at", next);
        }

        json.WriteOptional("last_status", delivery.LastStatus);
        json.WriteOptional("last_error", delivery.LastError);
        json.WriteMillis("created_at", delivery.Created);
        if (delivery.Completed is { } completed)
        {
            json.WriteMillis("completed_at", completed);
        }
    }

    private static string StateText(WebhookState state) => state switch
    {
        WebhookState.Queued => "queued",
        WebhookState.Delivered => "delivered",
        WebhookState.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "unknown state"),
    };
}
