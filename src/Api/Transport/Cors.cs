using Microsoft.AspNetCore.Http;
using Sleigh.Api.Json;

namespace Sleigh.Api.Transport;

/// <summary>The headers by which a browser lets a page of an allowed origin read replies.</summary>
internal static class Cors
{
    /// <summary>On every reply to that origin.</summary>
    public static void Allow(HttpContext http, string origin)
    {
        IHeaderDictionary headers = http.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.AccessControlExposeHeaders = "X-Request-Id, Idempotency-Replayed, Retry-After";
        headers.Vary = "Origin";
    }

    /// <summary>Whether the browser asks before the call itself.</summary>
    public static bool IsPreflight(HttpContext http) =>
        HttpMethods.IsOptions(http.Request.Method) && http.Request.Headers.AccessControlRequestMethod.Count > 0;

    /// <summary>Answers it.</summary>
    public static Reply Preflight(HttpContext http, IReadOnlyList<string> methods)
    {
        IHeaderDictionary headers = http.Response.Headers;
        headers.AccessControlAllowMethods = string.Join(", ", methods);
        headers.AccessControlAllowHeaders = "Authorization, Content-Type, Idempotency-Key, X-Request-Id, X-Session-Token";
        return Reply.NoContent;
    }
}
