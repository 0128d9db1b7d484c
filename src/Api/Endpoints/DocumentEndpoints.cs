using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Sleigh.Api.Json;
using Sleigh.Api.OpenApi;
using Sleigh.Api.Routing;
using Endpoint = Sleigh.Api.Routing.Endpoint;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoints 39 and 40. Each is made when it is asked for the first time, and kept.</summary>
internal static class DocumentEndpoints
{
    private static readonly Lock Making = new();
    private static Made? _document;
    private static Made? _page;

    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "openapi.json", NoRequest.Read, DocumentAsync) { Access = AccessClass.Open, Body = BodyRule.Ignored },
        new Endpoint<NoRequest>("GET", "docs", NoRequest.Read, PageAsync) { Access = AccessClass.Open, Body = BodyRule.Ignored },
    ];

    private static Task<Reply> DocumentAsync(Call call, NoRequest request) =>
        Task.FromResult(Answer(call, ref _document, ApiDocument.Render, "application/json; charset=utf-8"));

    private static Task<Reply> PageAsync(Call call, NoRequest request)
    {
        IHeaderDictionary headers = call.Http.Response.Headers;
        headers.ContentSecurityPolicy = DocsPage.Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        return Task.FromResult(Answer(call, ref _page, DocsPage.Render, "text/html; charset=utf-8"));
    }

    private static Reply Answer(Call call, ref Made? kept, Func<string, byte[]> render, string type)
    {
        string version = call.Dependencies.Version;
        Made made;
        lock (Making)
        {
            made = kept is { } there && there.Version == version ? there : Made.Of(version, render(version));
            kept = made;
        }

        call.Http.Response.Headers.ETag = made.Tag;
        call.Http.Response.Headers.CacheControl = "no-cache";
        return call.Http.Request.Headers.IfNoneMatch.Any(sent => sent is not null && IsAmong(sent, made.Tag))
            ? Reply.Kept(StatusCodes.Status304NotModified, default)
            : Reply.Bytes(StatusCodes.Status200OK, type, made.Text);
    }

    // Weak comparison: a proxy on the way may have made the tag weak.
    private static bool IsAmong(string sent, string tag) =>
        sent.Split(',', StringSplitOptions.TrimEntries).Any(one => one == "*" || one == tag || one == "W/" + tag);

    private sealed record Made(string Version, byte[] Text, string Tag)
    {
        public static Made Of(string version, byte[] text) => new(version, text, $"\"{Convert.ToHexStringLower(SHA256.HashData(text))[..32]}\"");
    }
}
