using Microsoft.AspNetCore.WebUtilities;

namespace Sleigh.Api.Ingress;

/// <summary>Takes out of query strings what opens the way to a server and is not for the server. The rest stays as it was sent.</summary>
internal static class PlainQuery
{
    /// <summary>The parameter of a link.</summary>
    public const string Link = "sleigh_link";

    private const string Token = "session_token";

    /// <summary>A query, from <c>?</c> on, without those parameters; empty when nothing else was in it.</summary>
    public static string Without(string query)
    {
        if (query.Length < 2)
        {
            return query;
        }

        string[] pairs = query[1..].Split('&');
        string[] kept = [.. pairs.Where(pair => !IsOurs(pair))];
        return kept.Length == pairs.Length ? query : kept.Length == 0 ? "" : "?" + string.Join('&', kept);
    }

    /// <summary>An address without those parameters, as a Referer header holds one.</summary>
    public static string OfAddress(string address)
    {
        int mark = address.IndexOf('?', StringComparison.Ordinal);
        return mark < 0 ? address : address[..mark] + Without(address[mark..]);
    }

    // Read exactly as the token itself is found.
    private static bool IsOurs(string pair)
    {
        foreach (QueryStringEnumerable.EncodedNameValuePair one in new QueryStringEnumerable(pair))
        {
            if (one.DecodeName().Span is Token or Link)
            {
                return true;
            }
        }

        return false;
    }
}
