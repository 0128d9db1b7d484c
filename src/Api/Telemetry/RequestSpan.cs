using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Sleigh.Api.Errors;
using Sleigh.Api.Routing;
using Sleigh.Api.Transport;
using Sleigh.Runtime.Telemetry;
using Endpoint = Sleigh.Api.Routing.Endpoint;

namespace Sleigh.Api.Telemetry;

/// <summary>
/// The span of one request, named by its route pattern. What only looks at the daemon (health, documents, figures) has none. It holds neither
/// path nor query string, no header but a request id, and nothing of the body.
/// </summary>
internal static class RequestSpan
{
    private const string Figures = "/metrics";

    /// <summary>Begins it; null when nobody listens.</summary>
    /// <param name="call">The call.</param>
    /// <param name="endpoint">What it matched.</param>
    /// <param name="isTrusted">Whether the caller may say which trace it belongs to.</param>
    public static Activity? Begin(Call call, Endpoint endpoint, Func<bool> isTrusted)
    {
        if (!Span.Source.HasListeners() || endpoint.Access == AccessClass.Open || endpoint.Path == Figures)
        {
            return null;
        }

        // The web server's own, whose parent is whatever the caller sent.
        Activity.Current = null;
        Activity? span = Span.Source.StartActivity($"{endpoint.Method} {endpoint.Path}", ActivityKind.Server, Parent(call.Http.Request.Headers, isTrusted));
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("sleigh.operation", endpoint.Operation);
            span.SetTag("http.request.method", call.Http.Request.Method);
            span.SetTag("http.route", endpoint.Path);
            span.SetTag("sleigh.request_id", TokenText.Redact(call.RequestId));
        }

        return span;
    }

    /// <summary>Ends it, with what was found on the way.</summary>
    public static void End(Activity span, Call call, ApiError? error)
    {
        if (span.IsAllDataRequested)
        {
            (string? session, string? sandbox, string? exec) = call.Found;
            span.SetTag("sleigh.session_id", session);
            span.SetTag("sleigh.sandbox_id", sandbox);
            span.SetTag("sleigh.exec_id", exec);
            span.SetTag("sleigh.code", error?.Code);
            int status = call.Http.Response.StatusCode;
            span.SetTag("http.response.status_code", status);
            if (status >= StatusCodes.Status500InternalServerError)
            {
                span.SetTag("error.type", error?.Code ?? "internal");
                span.SetStatus(ActivityStatusCode.Error);
            }
        }

        span.Dispose();
    }

    private static ActivityContext Parent(IHeaderDictionary headers, Func<bool> isTrusted) =>
        headers.TraceParent.Count == 1 && isTrusted()
            && ActivityContext.TryParse(headers.TraceParent, headers.TraceState.Count == 1 ? headers.TraceState.ToString() : null, isRemote: true, out ActivityContext parent)
            ? parent
            : default;
}
