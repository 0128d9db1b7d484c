using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Sleigh.Api.Ingress;

/// <summary>Cookies on the way in and out: our own, which stands for a link, and those of servers in sandboxes.</summary>
internal static class LinkCookie
{
    /// <summary>The name of our own.</summary>
    public const string Name = "sleigh_link";

    /// <summary>Our own cookie. Scripts cannot read it, other sites' pages cannot send it, and it goes to one port of one sandbox only.</summary>
    /// <param name="value">The link's value.</param>
    /// <param name="target">Whose it is.</param>
    /// <param name="seconds">How long it is good.</param>
    /// <param name="isSecure">Whether the browser came over TLS.</param>
    public static string Make(string value, IngressTarget target, long seconds, bool isSecure) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name}={value}; Path={target.Prefix}/; Max-Age={seconds}; HttpOnly; SameSite=Lax{(isSecure ? "; Secure" : "")}");

    /// <summary>The values of our own in a request. There may be more: a page on a neighbouring name can set some.</summary>
    public static IReadOnlyList<string> Values(StringValues headers) =>
        [.. Pairs(headers).Where(IsOurs).Select(pair => pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim())];

    /// <summary>A request's cookies without our own; null: none are left.</summary>
    public static string? Without(StringValues headers)
    {
        string text = string.Join("; ", Pairs(headers).Where(pair => !IsOurs(pair)));
        return text.Length == 0 ? null : text;
    }

    /// <summary>
    /// A Set-Cookie of a server so that its cookie goes back to that server only: no Domain, and where sandboxes share a host name, a Path below
    /// the server's own. Null: it is not passed on, as it would take our own cookie's place.
    /// </summary>
    public static string? Confine(string setCookie, IngressTarget target)
    {
        string[] parts = setCookie.Split(';');
        if (IsOurs(parts[0]))
        {
            return null;
        }

        List<string> kept = [parts[0].Trim()];
        string path = "/";
        foreach (string part in parts.Skip(1).Select(p => p.Trim()))
        {
            if (IsAttribute(part, "path"))
            {
                string sent = part[(part.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim();
                path = sent.StartsWith('/') ? sent : "/";
                if (target.IsByHost)
                {
                    kept.Add(part);
                }
            }
            else if (part.Length > 0 && !IsAttribute(part, "domain"))
            {
                kept.Add(part);
            }
        }

        if (!target.IsByHost)
        {
            kept.Add("Path=" + Below(target.Prefix, path));
        }

        return string.Join("; ", kept);
    }

    // A path with dots is taken as it stands by browsers: it matches no other one.
    private static string Below(string prefix, string path) =>
        path == prefix || path.StartsWith(prefix + "/", StringComparison.Ordinal) ? path : prefix + path;

    private static bool IsOurs(string pair)
    {
        int equals = pair.IndexOf('=', StringComparison.Ordinal);
        return (equals < 0 ? pair : pair[..equals]).Trim() == Name;
    }

    private static bool IsAttribute(string part, string name)
    {
        int equals = part.IndexOf('=', StringComparison.Ordinal);
        return (equals < 0 ? part : part[..equals]).Trim().Equals(name, StringComparison.OrdinalIgnoreCase);
    }

    private static IEnumerable<string> Pairs(StringValues headers) =>
        headers.SelectMany(header => (header ?? "").Split(';')).Select(pair => pair.Trim()).Where(pair => pair.Length > 0);
}
