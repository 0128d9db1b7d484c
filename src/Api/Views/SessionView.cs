using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Views;

/// <summary>The session object of section 3.5, and the reply that issues a token.</summary>
internal static class SessionView
{
    public static void Write(Utf8JsonWriter json, Session session, SessionsOptions options, int sandboxes, int runningExecs)
    {
        json.WriteStartObject();
        json.WriteString("session_id", session.Id.ToString());
        json.WriteMillis("created_at", session.Created);
        json.WriteMillis("last_used_at", session.LastUsed);
        WriteExpiry(json, session, options);
        json.WriteNumber("sandboxes", sandboxes);
        json.WriteNumber("running_execs", runningExecs);
        if (session.IsAdministrator)
        {
            json.WriteBoolean("administrator", true);
        }

        json.WriteEndObject();
    }

    public static void WriteIssued(Utf8JsonWriter json, IssuedToken issued, SessionsOptions options)
    {
        json.WriteStartObject();
        json.WriteString("session_token", issued.Token);
        json.WriteSeconds("issued_at", issued.Session.Created);
        json.WriteString("session_id", issued.Session.Id.ToString());
        WriteExpiry(json, issued.Session, options);
        json.WriteEndObject();
    }

    private static void WriteExpiry(Utf8JsonWriter json, Session session, SessionsOptions options)
    {
        if (session.Expires is { } expires)
        {
            json.WriteMillis("expires_at", expires);
        }

        json.WriteNumber("idle_ttl_seconds", (long)(options.IdleTtl?.TotalSeconds ?? 0));
    }
}
