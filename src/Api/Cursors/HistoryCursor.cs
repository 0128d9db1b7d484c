using System.Text.Json;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Cursors;

/// <summary>Where a page of the exec history ended. It is good for one session, one page size and a limited time.</summary>
/// <param name="Session">Whose history.</param>
/// <param name="Limit">The page size in force when it was made.</param>
/// <param name="Last">The last exec of the page.</param>
internal sealed record HistoryCursor(SessionId Session, int Limit, ExecMark Last)
{
    private const int Version = 1;

    /// <summary>The cursor as callers get it.</summary>
    public string Seal(string secret, DateTimeOffset now, TimeSpan life) => CursorSeal.Seal(
        JsonText.ToArray(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("v", Version);
            json.WriteString("sid", Session.ToString());
            json.WriteNumber("ts", Last.Started.ToUnixTimeMilliseconds());
            json.WriteString("eid", Last.Id.ToString());
            json.WriteNumber("l", Limit);
            json.WriteNumber("iat", now.ToUnixTimeSeconds());
            json.WriteNumber("exp", (now + life).ToUnixTimeSeconds());
            json.WriteEndObject();
        }),
        secret);

    /// <summary>The exec behind which the next page begins.</summary>
    /// <exception cref="ApiException">400 <c>invalid_cursor</c>: not ours, of another session or page size, or too old.</exception>
    public static ExecMark Open(string cursor, string secret, SessionId session, int limit, DateTimeOffset now) =>
        CursorSeal.TryOpen(cursor, secret, out byte[]? json) && Read(json) is var (made, expires)
        && made.Session == session && made.Limit == limit && now < expires
            ? made.Last
            : throw ApiErrors.InvalidCursor().Exception();

    // What we have signed is well-formed; a secret that somebody else uses too may have signed other things.
    private static (HistoryCursor Cursor, DateTimeOffset Expires)? Read(byte[] text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement json = document.RootElement;
            return json.GetProperty("v").GetInt32() == Version
                ? (new HistoryCursor(
                    SessionId.Parse(json.GetProperty("sid").GetString() ?? ""),
                    json.GetProperty("l").GetInt32(),
                    new ExecMark(
                        ExecId.Parse(json.GetProperty("eid").GetString() ?? ""),
                        DateTimeOffset.FromUnixTimeMilliseconds(json.GetProperty("ts").GetInt64()))),
                    DateTimeOffset.FromUnixTimeSeconds(json.GetProperty("exp").GetInt64()))
                : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }
}
