namespace Sleigh.Runtime;

/// <summary>How a receiver's URL is shown where others may read it.</summary>
public static class WebhookUrl
{
    /// <summary>The URL without user, password and query; that there was a query is seen.</summary>
    public static string Shown(string url) => Uri.TryCreate(url, UriKind.Absolute, out Uri? read)
        ? Origin(read) + read.AbsolutePath + (read.Query.Length > 0 ? "?***" : "")
        : "***";

    /// <summary>Scheme, host and port: what makes two URLs the same receiver, and all that the log says of one.</summary>
    public static string Receiver(string url) => Uri.TryCreate(url, UriKind.Absolute, out Uri? read) ? Origin(read) : "***";

    private static string Origin(Uri url) => $"{url.Scheme}://{url.Host}{(url.IsDefaultPort ? "" : FormattableString.Invariant($":{url.Port}"))}";
}
