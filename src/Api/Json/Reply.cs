using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Sleigh.Api.Json;

/// <summary>What an endpoint answers: a status and either a JSON object to write, or one that was kept, or a text, or nothing.</summary>
internal readonly struct Reply
{
    private const string JsonType = "application/json; charset=utf-8";

    private readonly int _status;
    private readonly Action<Utf8JsonWriter>? _write;
    private readonly ReadOnlyMemory<byte> _kept;
    private readonly bool _sent;
    private readonly string _type;

    private Reply(int status, Action<Utf8JsonWriter>? write, ReadOnlyMemory<byte> kept, bool sent, string type = JsonType)
    {
        _type = type;
        _status = status;
        _write = write;
        _kept = kept;
        _sent = sent;
    }

    /// <summary>204.</summary>
    public static Reply NoContent => new(StatusCodes.Status204NoContent, null, default, sent: false);

    /// <summary>Nothing but a status and the headers that were set.</summary>
    public static Reply Empty(int status) => new(status, null, default, sent: false);

    /// <summary>The endpoint has written the response itself.</summary>
    public static Reply Sent => new(0, null, default, sent: true);

    /// <summary>A JSON object, written when the reply is sent.</summary>
    public static Reply Json(int status, Action<Utf8JsonWriter> write) => new(status, write, default, sent: false);

    /// <summary>A JSON object that was written before.</summary>
    public static Reply Kept(int status, ReadOnlyMemory<byte> body) => new(status, null, body, sent: false);

    /// <summary>A text of another type, in UTF-8.</summary>
    public static Reply Text(int status, string type, string text) => new(status, null, Encoding.UTF8.GetBytes(text), sent: false, type);

    /// <summary>A text of another type that was written before.</summary>
    public static Reply Bytes(int status, string type, ReadOnlyMemory<byte> text) => new(status, null, text, sent: false, type);

    /// <summary>Writes status, headers and body. For HEAD the body stays away.</summary>
    public Task SendAsync(HttpContext http)
    {
        if (_sent)
        {
            return Task.CompletedTask;
        }

        http.Response.StatusCode = _status;
        if (_write is not null)
        {
            JsonText.Render(_write, http, static (text, http) => Put(http, text, JsonType));
        }
        else if (_kept.Length > 0)
        {
            Put(http, _kept.Span, _type);
        }
        else
        {
            return Task.CompletedTask;
        }

        return http.Response.BodyWriter.FlushAsync().AsTask();
    }

    private static void Put(HttpContext http, ReadOnlySpan<byte> text, string type)
    {
        http.Response.ContentType = type;
        http.Response.ContentLength = text.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.BodyWriter.Write(text);
        }
    }
}
