using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sleigh.Api.Errors;
using Sleigh.Api.Routing;
using Sleigh.Runtime;

namespace Sleigh.Api.Ingress;

/// <summary>Who may pass to a server in a sandbox: the owner with a session's token, whoever has a link, a browser with the cookie of one.</summary>
internal static class IngressGate
{
    // As long as a page is likely to be looked at; then the address with the token is called again.
    private static readonly TimeSpan TokenCookieLife = TimeSpan.FromHours(1);

    private static readonly string[] Pattern = ["sandboxes", "{id}"];

    /// <exception cref="ApiException">400, 401, 403 or 404, in the order of section 1.5 of the contract.</exception>
    /// <exception cref="RuntimeException">404: the port is not declared.</exception>
    public static IngressGrant Enter(Call call, IngressTarget target)
    {
        IHeaderDictionary headers = call.Http.Request.Headers;
        IReadOnlyList<string> cookies = LinkCookie.Values(headers.Cookie);
        if (call.HasToken)
        {
            return ByToken(call, target);
        }

        if (call.Query(PlainQuery.Link) is { Length: > 0 } link)
        {
            PortLink keep = Check(call, target, [link]);
            return new IngressGrant(call.Sandbox.Id, PortOf(target), keep, IsPageLoad(call.Http.Request), keep.Expires);
        }

        if (cookies.Count > 0 && !call.FromSocket)
        {
            RefuseOtherSites(headers);
            PortLink cookie = Check(call, target, cookies);
            return new IngressGrant(call.Sandbox.Id, PortOf(target), null, CleansAddress: false, cookie.Expires);
        }

        return ByToken(call, target);
    }

    private static IngressGrant ByToken(Call call, IngressTarget target)
    {
        call.Authenticate();
        call.Path = ["sandboxes", target.Sandbox];
        call.FindTargets(Pattern);
        SandboxId sandbox = call.Sandbox.Id;
        int port = PortOf(target);
        bool cleans = call.Query("session_token") is not null && IsPageLoad(call.Http.Request);
        return new IngressGrant(sandbox, port, cleans ? call.Dependencies.Ports.Link(sandbox, port, TokenCookieLife) : null, cleans, null);
    }

    // Without a session nobody learns what there is: every fault is the same answer.
    private static PortLink Check(Call call, IngressTarget target, IReadOnlyList<string> values)
    {
        if (SandboxId.TryParse(target.Sandbox, out SandboxId id) && TryPort(target, out int port) && call.Sandboxes.Find(id) is { } sandbox)
        {
            foreach (string value in values)
            {
                if (call.Dependencies.Ports.Opens(id, port, value) is DateTimeOffset expires)
                {
                    call.EnterByLink(sandbox);
                    return new PortLink(value, expires);
                }
            }
        }

        throw ApiErrors.LinkInvalid().Exception();
    }

    // The cookie goes along with whatever a page of a neighbouring name sends; the browser says whose page it was. Who follows a link there leaves
    // that page; a frame in it is a navigation too, but stays in that page's hands.
    private static void RefuseOtherSites(IHeaderDictionary headers)
    {
        bool isOther = headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site";
        if (isOther && !(headers["Sec-Fetch-Mode"] == "navigate" && headers["Sec-Fetch-Dest"].ToString() is "" or "document"))
        {
            throw ApiErrors.OtherSite().Exception();
        }
    }

    // Browsers say so; on plain HTTP beyond loopback they do not, and then it shows in what they accept.
    private static bool IsPageLoad(HttpRequest request)
    {
        string mode = request.Headers["Sec-Fetch-Mode"].ToString();
        return HttpMethods.IsGet(request.Method) && request.Headers.Upgrade.Count == 0
            && (mode.Length > 0 ? mode == "navigate" : request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase));
    }

    private static int PortOf(IngressTarget target) =>
        TryPort(target, out int port) ? port : throw ApiErrors.NotFound("port", target.Port).Exception();

    private static bool TryPort(IngressTarget target, out int port) =>
        int.TryParse(target.Port, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65_535;
}
